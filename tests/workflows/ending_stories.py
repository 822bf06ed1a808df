"""One workflow story or more for every finish reason: what the world does, and the reason that must be recorded.

Rules of this file
1. `reason` is the mark: which workflow stories prove a reason is read off `STORIES`. Every test made from one
   carries it as `@pytest.mark.reason` too.
2. A story tells facts and answers requests; it never says which reason it wants to the workflow.
3. Where two causes race, both orders are stories.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from activities.models import CarrierWord, DialOutcome, DialResult, MachineDecision
from calls import facts as f
from calls.facts import MachineAction
from calls.model import CallOrder, TurnedAway
from calls.reasons import REASONS
from calls.reasons import FinishReason as R
from calls.words import Party
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import LEAVES_A_MESSAGE, TARGET, Stage, a_plan, an_arrival, an_order
from workflows.messages import EndRequest, TransferRequest

Act = Callable[[Stage], Awaitable[None]]


async def nothing(stage: Stage) -> None:
    """Let time do it."""


@dataclass(frozen=True)
class EndingStory:
    """What happens on stage, and the ending it must come to."""

    name: str
    reason: R
    act: Act = nothing
    script: Callable[[], Script] = Script
    order: Callable[[], CallOrder] = an_order
    evidence: Mapping[str, object] = field(default_factory=dict)
    hangs_up: bool = False


async def _talk(stage: Stage) -> None:
    await stage.tell(stage.initiated(), stage.ringing(), stage.answered(), stage.started())


async def _callee_hangs_up(stage: Stage) -> None:
    await _talk(stage)
    await stage.tell(stage.completed())


async def _carrier_says(stage: Stage, *, status: str, sip_code: int | None, rings: bool = False) -> None:
    await stage.tell(stage.initiated(), *([stage.ringing()] if rings else []))
    await stage.tell(stage.completed(status, sip_code, 0))


async def _end_while(stage: Stage, *, rings: bool) -> None:
    await stage.tell(stage.initiated(), *([stage.ringing()] if rings else []))
    await stage.handle.execute_update("end", EndRequest(request_id="r1"))


def _conversation_ended(reason: R, at: datetime) -> f.ConversationEnded:
    return f.ConversationEnded(at=at, reason=reason, by=REASONS[reason].by, evidence={"proof": "kept"})


async def _conversation_ends(stage: Stage, *, reason: R) -> None:
    await _talk(stage)
    await stage.tell(_conversation_ended(reason, await stage.now()))


async def _conversation_ends_with_the_hangup(stage: Stage, *, reason: R, hangup_first: bool) -> None:
    """Both are learnt in one breath; the conversation's end came a second before the hangup it caused."""
    await _talk(stage)
    completed = stage.completed()
    ended = _conversation_ended(reason, completed.at - timedelta(seconds=1))
    await stage.tell(*((completed, ended) if hangup_first else (ended, completed)))


async def _callee_hangs_up_before_the_conversation_ends(stage: Stage, *, reason: R) -> None:
    """The callee was first: what the talk finds wrong a second later is an echo of that."""
    await _talk(stage)
    completed = stage.completed()
    await stage.tell(completed, _conversation_ended(reason, completed.at + timedelta(seconds=1)))


async def _transfer(stage: Stage) -> None:
    await _talk(stage)
    await stage.handle.execute_update("transfer", TransferRequest(to_number=TARGET, request_id="t1"))
    await stage.until_asked("start_transfer")
    await stage.tell(f.TransferBridged(at=stage.moment(0), request_id="t1", carrier_call_id="CA" + "2" * 32))
    await stage.until_asked("extend_time_limit")
    await stage.tell(stage.completed())


async def _transfer_rings_on(stage: Stage) -> None:
    await _talk(stage)
    await stage.handle.execute_update("transfer", TransferRequest(to_number=TARGET, request_id="t1"))
    await stage.until_asked("start_transfer")


async def _leave_a_message(stage: Stage) -> None:
    await stage.tell(stage.answered(), stage.started(), stage.verdict("machine_end_beep"))
    await stage.until_asked("leave_message")
    await stage.tell(stage.completed())


async def _machine(stage: Stage, *, answered_by: str) -> None:
    await stage.tell(stage.answered(), stage.started(), stage.verdict(answered_by))


async def _verdict_after_the_hangup(stage: Stage) -> None:
    await _callee_hangs_up(stage)
    await stage.tell(stage.verdict("machine_start"))


async def _answered(stage: Stage) -> None:
    await stage.tell(stage.initiated(), stage.ringing(), stage.answered())


async def _ringing(stage: Stage) -> None:
    await stage.tell(stage.initiated(), stage.ringing())


async def _completed_before_answered(stage: Stage) -> None:
    """Status callbacks overtake each other; talk time proves the answer."""
    await stage.tell(stage.initiated(), stage.completed(), stage.answered())


def _dials(*, result: DialResult, reason: R, times: int = 1, **evidence: f.EvidenceValue) -> Script:
    outcome = DialOutcome(result=result, reason=reason, message="no", evidence=evidence)
    return Script(dials=[outcome] * times)


def _refused(reason: R, code: int) -> Callable[[], Script]:
    return partial(_dials, result=DialResult.REFUSED, reason=reason, carrier_error_code=code)


def _never_processed(reason: R, code: int) -> Callable[[], Script]:
    return partial(_dials, result=DialResult.NOT_PROCESSED, reason=reason, times=10_000, carrier_error_code=code)


def _decided(action: MachineAction, answered_by: str) -> Callable[[], Script]:
    decision = MachineDecision(action=action, answered_by=answered_by, why="policy")
    return lambda: Script(machine=decision, plan=a_plan(voicemail=LEAVES_A_MESSAGE))


def _asked(status: str) -> Callable[[], Script]:
    return lambda: Script(carrier_says=[CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status=status)])


def _by_the_carrier(name: str, reason: R, status: str, sip_code: int | None) -> EndingStory:
    act = partial(_carrier_says, status=status, sip_code=sip_code, rings=status == "no-answer")
    return EndingStory(name, reason, act, evidence={"carrier_status": status})


IN_CONVERSATION = (
    R.AGENT_ENDED_CALL,
    R.VOICEMAIL_DETECTED,
    R.INACTIVITY_TIMEOUT,
    R.MAXIMUM_DURATION_EXCEEDED,
    R.LLM_WEBSOCKET_INITIALIZATION_ERROR,
    R.LLM_WEBSOCKET_CONNECTION_LOST,
    R.LLM_WEBSOCKET_RUNTIME_ERROR,
    R.LLM_WEBSOCKET_PAYLOAD_CORRUPTION,
    R.FRONTEND_PAYLOAD_CORRUPTION,
    R.NO_AUDIO_INPUT,
    R.SPEECH_RECOGNITION_ERROR,
    R.RETELL_SERVICE_ERROR,
    R.TWILIO_SERVICE_ERROR,
    R.CONCURRENT_CALL_LIMIT_REACHED,
)
"""What a conversation, or the relay under it, can report as the end."""


RACED = (R.AGENT_ENDED_CALL, R.VOICEMAIL_DETECTED, R.LLM_WEBSOCKET_CONNECTION_LOST, R.RETELL_SERVICE_ERROR)
"""Those told in every order with the hangup; which of them it is makes no difference to the race."""


def _told(reason: R) -> EndingStory:
    told = partial(_conversation_ends, reason=reason)
    return EndingStory(f"{reason} is told", reason, told, evidence={"proof": "kept"}, hangs_up=True)


def _raced(reason: R) -> tuple[EndingStory, ...]:
    at_once = partial(_conversation_ends_with_the_hangup, reason=reason)
    too_late = partial(_callee_hangs_up_before_the_conversation_ends, reason=reason)
    proof = {"proof": "kept"}
    return (
        EndingStory(f"{reason} and then its hangup", reason, partial(at_once, hangup_first=False), evidence=proof),
        EndingStory(f"{reason} learnt after its hangup", reason, partial(at_once, hangup_first=True), evidence=proof),
        EndingStory(f"{reason} after the callee hung up", R.USER_ENDED_CALL, too_late),
    )


BEFORE_THE_ANSWER = (
    EndingStory(
        "the account's calls stay taken",
        R.CONCURRENT_CALL_LIMIT_REACHED,
        script=_never_processed(R.CONCURRENT_CALL_LIMIT_REACHED, 10004),
        evidence={"carrier_error_code": 10004},
    ),
    EndingStory(
        "the carrier is asked too often until the deadline",
        R.TWILIO_SERVICE_ERROR,
        script=_never_processed(R.TWILIO_SERVICE_ERROR, 20429),
        evidence={"carrier_error_code": 20429},
    ),
    EndingStory(
        "the account is suspended",
        R.INVALID_PAYMENT,
        script=_refused(R.INVALID_PAYMENT, 10001),
        evidence={"carrier_error_code": 10001},
    ),
    EndingStory(
        "the carrier blocks the number",
        R.POTENTIAL_SCAM_DETECTED,
        script=_refused(R.POTENTIAL_SCAM_DETECTED, 21216),
        evidence={"carrier_error_code": 21216},
    ),
    EndingStory(
        "the number is wrong",
        R.CALL_FAILED,
        script=_refused(R.CALL_FAILED, 21211),
        evidence={"carrier_error_code": 21211},
    ),
    _by_the_carrier("the line is busy", R.LINE_BUSY, "busy", 486),
    _by_the_carrier("it rings out", R.NO_ANSWER, "no-answer", 487),
    _by_the_carrier("there is no such number", R.CALL_FAILED, "failed", 404),
    _by_the_carrier("the callee declines", R.CALL_FAILED, "failed", 603),
    *(
        replace(
            _by_the_carrier(f"SIP {sip_code}, where that means busy", R.LINE_BUSY, "failed", sip_code),
            script=lambda: Script(plan=a_plan(declined_means=R.LINE_BUSY)),
        )
        for sip_code in (603, 607, 608)
    ),
    _by_the_carrier("the network fails", R.TWILIO_SERVICE_ERROR, "failed", 503),
    _by_the_carrier("completed and never answered", R.UNKNOWN_ERROR, "completed", None),
    EndingStory(
        "an end asked for in the queue",
        R.CALL_FAILED,
        partial(_end_while, rings=False),
        evidence={"end_requested_by": "operator", "end_request_id": "r1"},
        hangs_up=True,
    ),
    EndingStory(
        "an end asked for while it rings",
        R.CALL_FAILED,
        partial(_end_while, rings=True),
        evidence={"end_requested_by": "operator", "end_request_id": "r1"},
        hangs_up=True,
    ),
    EndingStory(
        "the carrier rings on without a word",
        R.NO_ANSWER,
        _ringing,
        _asked("ringing"),
        evidence={"timer": "ring time-out"},
        hangs_up=True,
    ),
    EndingStory(
        "the carrier never leaves its queue",
        R.REGISTERED_CALL_TIMED_OUT,
        script=_asked("queued"),
        evidence={"timer": "registered deadline"},
        hangs_up=True,
    ),
)

AFTER_THE_ANSWER = (
    EndingStory("the callee hangs up", R.USER_ENDED_CALL, _callee_hangs_up, evidence={"sip_code": 200}),
    EndingStory("completed comes before answered", R.USER_ENDED_CALL, _completed_before_answered),
    EndingStory("a machine's verdict after the hangup", R.USER_ENDED_CALL, _verdict_after_the_hangup),
    EndingStory("the callee is put through", R.CALL_TRANSFERRED, _transfer, evidence={"transfer_request_id": "t1"}),
    EndingStory(
        "the maximum duration in talk",
        R.MAXIMUM_DURATION_EXCEEDED,
        _talk,
        evidence={"timer": "maximum duration"},
        hangs_up=True,
    ),
    EndingStory(
        "the maximum duration while a transfer rings",
        R.MAXIMUM_DURATION_EXCEEDED,
        _transfer_rings_on,
        evidence={"timer": "maximum duration", "transfer_request_id": "t1"},
        hangs_up=True,
    ),
    EndingStory(
        "the audio never comes up",
        R.USER_CONNECTION_FAILURE,
        _answered,
        evidence={"timer": "media time-out"},
        hangs_up=True,
    ),
    EndingStory(
        "a message is left",
        R.VOICEMAIL_DETECTED,
        _leave_a_message,
        _decided(MachineAction.LEAVE_MESSAGE, "machine_end_beep"),
        evidence={"answered_by": "machine_end_beep"},
    ),
    *(
        EndingStory(
            f"{answered_by} answers",
            R.ANSWERING_MACHINE_DETECTED,
            partial(_machine, answered_by=answered_by),
            _decided(MachineAction.HANG_UP, answered_by),
            evidence={"answered_by": answered_by, "machine_why": "policy"},
            hangs_up=True,
        )
        for answered_by in ("machine_start", "fax")
    ),
)

CAME_IN = (
    EndingStory(
        "nobody says which agent answers",
        R.INBOUND_WEBHOOK_ERROR,
        script=lambda: Script(
            carrier_says=[
                CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="completed", end=f.CarrierEnd.COMPLETED)
            ]
        ),
        order=lambda: an_arrival(
            TurnedAway(reason=R.INBOUND_WEBHOOK_ERROR, by=Party.CUSTOMER, evidence={"detail": "no agent"})
        ),
        evidence={"detail": "no agent"},
    ),
)

STORIES = (
    *BEFORE_THE_ANSWER,
    *AFTER_THE_ANSWER,
    *map(_told, IN_CONVERSATION),
    *(story for reason in RACED for story in _raced(reason)),
    *CAME_IN,
)
