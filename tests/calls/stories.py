"""Whole calls as lists of facts, each with the ending it must come to."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from calls import facts as f
from calls.facts import CarrierEnd, Fact, MachineAction
from calls.model import Call, CallOrder, CallPlan, CallRequest
from calls.policy import Policy
from calls.reasons import FinishReason as R
from calls.words import Direction, Party, Phase

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SID = "CA" + "1" * 32


class Story(NamedTuple):
    """One call: what became known, and how it must be told."""

    name: str
    facts: tuple[Fact, ...]
    reason: R
    phase: Phase
    answered: bool


def at(seconds: float) -> datetime:
    """So many seconds into the story."""
    return T0 + timedelta(seconds=seconds)


def about(seconds: float, **more: Any) -> dict[str, Any]:
    """The fields that every carrier's fact has."""
    return {"at": at(seconds), "carrier_call_id": SID, "attempt_id": "a1", **more}


def completed(seconds: float, status: str = "completed", sip: int | None = 200, talked: float = 30) -> f.CallCompleted:
    """The carrier's last word."""
    end = CarrierEnd(status)
    return f.CallCompleted(**about(seconds), carrier_status=end, sip_code=sip, duration_seconds=talked)


def closing(seconds: float, reason: R, by: Party, phase: Phase) -> f.Closing:
    """Our own decision."""
    return f.Closing(at=at(seconds), reason=reason, by=by, phase=phase)


REGISTERED = f.Registered(at=at(0))
ATTEMPTED = f.DialAttempted(at=at(0.1), attempt_id="a1")
ACCEPTED = f.DialAccepted(**about(0.3))
INITIATED = f.CallInitiated(**about(0.6))
RINGING = f.CallRinging(**about(1))
ANSWERED = f.CallAnswered(**about(6))
STARTED = f.ConversationStarted(**about(7), relay_session_id="VX1")
DIALLED = (REGISTERED, ATTEMPTED, ACCEPTED, INITIATED, RINGING)
TALKING = (*DIALLED, ANSWERED, STARTED)
ASKED = f.TransferRequested(at=at(20), request_id="t1", to_number="+14155550110", by=Party.AGENT)

RECEIVED = f.CallReceived(**about(0.1))
TAKEN = (REGISTERED, RECEIVED, f.CallAnswered(**about(0.2)), f.ConversationStarted(**about(1), relay_session_id="VX1"))


def turned_away(reason: R) -> tuple[Fact, ...]:
    """A call that came in and got no agent."""
    away = f.CallTurnedAway(at=at(0.2), reason=reason, by=Party.CUSTOMER, evidence={"detail": "no agent"})
    return (REGISTERED, RECEIVED, away, closing(0.2, reason, Party.CUSTOMER, Phase.RINGING))


STORIES = (
    Story("a caller hangs up", (*TAKEN, completed(36)), R.USER_ENDED_CALL, Phase.CONVERSATION, True),
    Story(
        "nobody takes a caller",
        (*turned_away(R.INBOUND_WEBHOOK_ERROR), completed(9, talked=8)),
        R.INBOUND_WEBHOOK_ERROR,
        Phase.RINGING,
        True,
    ),
    Story(
        "a caller is rejected",
        (*turned_away(R.CALL_FAILED), completed(1, "busy", 486, 0)),
        R.CALL_FAILED,
        Phase.RINGING,
        False,
    ),
    Story(
        "no gateway is left to go on with the talk",
        (*TALKING, completed(36).model_copy(update={"conversation_lost": True})),
        R.RETELL_SERVICE_ERROR,
        Phase.CONVERSATION,
        True,
    ),
    Story("the callee hangs up", (*TALKING, completed(36)), R.USER_ENDED_CALL, Phase.CONVERSATION, True),
    Story(
        "the agent ends the call",
        (
            *TALKING,
            f.ConversationEnded(at=at(30), reason=R.AGENT_ENDED_CALL, by=Party.AGENT),
            closing(30, R.AGENT_ENDED_CALL, Party.AGENT, Phase.CONVERSATION),
            completed(31),
        ),
        R.AGENT_ENDED_CALL,
        Phase.CONVERSATION,
        True,
    ),
    Story("busy", (*DIALLED, completed(4, "busy", 486, 0)), R.LINE_BUSY, Phase.RINGING, False),
    Story("rings out", (*DIALLED, completed(33, "no-answer", 487, 0)), R.NO_ANSWER, Phase.RINGING, False),
    Story("unreachable", (*DIALLED, completed(3, "failed", 404, 0)), R.CALL_FAILED, Phase.RINGING, False),
    Story(
        "a machine answers",
        (
            *TALKING,
            f.MachineVerdict(**about(10), answered_by="machine_start"),
            f.MachineChecked(at=at(10), action=MachineAction.HANG_UP, answered_by="machine_start", why="policy"),
            closing(10, R.ANSWERING_MACHINE_DETECTED, Party.CALLEE_SIDE, Phase.CONVERSATION),
            completed(11),
        ),
        R.ANSWERING_MACHINE_DETECTED,
        Phase.CONVERSATION,
        True,
    ),
    Story(
        "transferred",
        (
            *TALKING,
            ASKED,
            f.TransferStarted(at=at(21), request_id="t1"),
            f.TransferBridged(at=at(25), request_id="t1", carrier_call_id="CA" + "2" * 32),
            f.TransferEnded(at=at(60), request_id="t1"),
            completed(61),
        ),
        R.CALL_TRANSFERRED,
        Phase.TRANSFER,
        True,
    ),
    Story(
        "the callee hangs up while the transfer rings",
        (*TALKING, ASKED, f.TransferStarted(at=at(21), request_id="t1"), completed(22)),
        R.USER_ENDED_CALL,
        Phase.TRANSFER,
        True,
    ),
    Story(
        "back from a failed transfer, then hung up",
        (
            *TALKING,
            ASKED,
            f.TransferFailed(at=at(22), request_id="t1", carrier_status="busy"),
            completed(40),
        ),
        R.USER_ENDED_CALL,
        Phase.CONVERSATION,
        True,
    ),
    Story(
        "refused by the carrier",
        (REGISTERED, ATTEMPTED, f.DialRefused(at=at(1), attempt_id="a1", reason=R.INVALID_PAYMENT)),
        R.INVALID_PAYMENT,
        Phase.DIALLING,
        False,
    ),
    Story(
        "the dial was lost",
        (REGISTERED, ATTEMPTED, f.DialLost(at=at(50), attempt_id="a1")),
        R.TWILIO_SERVICE_ERROR,
        Phase.DIALLING,
        False,
    ),
    Story(
        "ended before the dial",
        (
            REGISTERED,
            f.EndRequested(at=at(0.05), request_id="e1"),
            closing(0.05, R.CALL_FAILED, Party.OPERATOR, Phase.REGISTERED),
        ),
        R.CALL_FAILED,
        Phase.REGISTERED,
        False,
    ),
    Story(
        "the relay never came up, told before the answer",
        (
            *DIALLED,
            f.ConversationEnded(at=at(7), attempt_id="a1", reason=R.RETELL_SERVICE_ERROR, by=Party.VOICE_PLATFORM),
            closing(7, R.RETELL_SERVICE_ERROR, Party.VOICE_PLATFORM, Phase.ANSWERED),
            ANSWERED,
            completed(8),
        ),
        R.RETELL_SERVICE_ERROR,
        Phase.ANSWERED,
        True,
    ),
    Story(
        "the relay failed and was hung up on before anything was decided",
        (
            *DIALLED,
            ANSWERED,
            f.ConversationEnded(at=at(7), attempt_id="a1", reason=R.RETELL_SERVICE_ERROR, by=Party.VOICE_PLATFORM),
            completed(8),
        ),
        R.RETELL_SERVICE_ERROR,
        Phase.ANSWERED,
        True,
    ),
    Story(
        "the callee hung up before the talk came to its own end",
        (
            *TALKING,
            completed(30),
            f.ConversationEnded(at=at(31), attempt_id="a1", reason=R.AGENT_ENDED_CALL, by=Party.AGENT),
        ),
        R.USER_ENDED_CALL,
        Phase.CONVERSATION,
        True,
    ),
    Story(
        "completed overtakes answered",
        (*DIALLED, completed(36), ANSWERED),
        R.USER_ENDED_CALL,
        Phase.ANSWERED,
        True,
    ),
)


def a_call() -> Call:
    """A call nothing is known about."""
    request = CallRequest(from_number="+14155550100", to_number="+14155550101", direction=Direction.OUTBOUND)
    order = CallOrder(id="0" * 24, call_id="c1", request_id="r1", request_sha256="x", request=request)
    return Call(order, CallPlan(agent_id="a" * 24, agent_name="Rita", policy=Policy()))
