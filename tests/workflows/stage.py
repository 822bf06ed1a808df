"""A stage for workflow stories: the real workflow on the time-skipping server, with scripted verbs around it.

The verbs are activities of the same names as the real ones; they remember what they were asked and answer what the
test wants. Time is skipped by the server while a result is awaited, or by `Stage.wait`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.models import (
    Admission,
    Adoption,
    CarrierWord,
    DialOrder,
    DialOutcome,
    DialResult,
    Extension,
    LiveCall,
    LookUp,
    MachineCheck,
    MachineDecision,
    RecordingOrder,
    RecordingOutcome,
    RegisterAnswer,
    Registration,
    TransferOrder,
    Watch,
)
from calls import facts as f
from calls.agents import Voicemail
from calls.facts import Fact, MachineAction
from calls.model import Arrival, CallOrder, CallPlan, CallRequest, TurnedAway
from calls.policy import Policy
from calls.ports.admissions import Turn
from calls.records import Progress
from calls.words import Direction
from runtime.wiring.engine import workflow_runner
from workflows.inbound_call import InboundCall
from workflows.live_call import CallResult
from workflows.names import CALL_QUEUE, DIAL_QUEUE, MONITOR_QUEUE, workflow_id
from workflows.outbound_call import OutboundCall
from workflows.redial import Redial

CARRIER_CALL = "CA" + "0" * 32
ALICE, CALLER, TARGET = "+14155550101", "+14155550100", "+14155550110"


@dataclass
class Script:
    """What the world answers, and what it was asked."""

    plan: CallPlan = field(default_factory=lambda: CallPlan(agent_id="a" * 24, agent_name="Rita", policy=Policy()))
    registration: Registration = Registration.CREATED
    first_registrations: list[Registration] = field(default_factory=list)
    """What the first tries to register are told, one after the other."""
    admissions: list[Admission] = field(default_factory=list)
    """What a call is told that asks for its turn, one after the other; afterwards that it is admitted."""
    dials: list[DialOutcome] = field(default_factory=list)
    found: CarrierWord | None = None
    carrier_says: list[CarrierWord] = field(default_factory=list)
    machine: MachineDecision = field(
        default_factory=lambda: MachineDecision(action=MachineAction.PROCEED, answered_by="human", why="no machine")
    )
    recording: RecordingOutcome = field(default_factory=RecordingOutcome)
    broken: set[str] = field(default_factory=set)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    saved: list[Progress] = field(default_factory=list)
    announced: list[bool] = field(default_factory=list)
    """Whether each save was to be announced."""
    on_hang_up: Any = None
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def times(self, verb: str) -> int:
        """How often a verb was asked for."""
        return sum(name == verb for name, _ in self.asked)

    def note(self, verb: str, what: Any) -> None:
        self.asked.append((verb, what))
        self.was_asked.set()
        if verb in self.broken:
            raise ApplicationError(f"{verb} is broken", non_retryable=True)

    def next_admission(self) -> Admission:
        """The next thing that a waiting call is told; the last one is repeated while it says to wait."""
        waits_on = len(self.admissions) == 1 and self.admissions[0].turn is Turn.WAITING
        return self.admissions[0] if waits_on else self.admissions.pop(0) if self.admissions else ADMITTED


ADMITTED = Admission(turn=Turn.ADMITTED)
ACCEPTED = DialOutcome(result=DialResult.ACCEPTED, carrier_call_id=CARRIER_CALL)


class ScriptedVerbs:
    """Activities of the real ones' names, over a script."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @activity.defn
    async def register_call(self, order: CallOrder) -> RegisterAnswer:
        self._script.note("register_call", order)
        first = self._script.first_registrations
        outcome = first.pop(0) if first else self._script.registration
        return RegisterAnswer(outcome=outcome, plan=self._script.plan if outcome is Registration.CREATED else None)

    @activity.defn
    async def give_up_registration(self, order: CallOrder) -> bool:
        self._script.note("give_up_registration", order)
        return True

    @activity.defn
    async def save_progress(self, call_id: str, progress: Progress) -> None:
        self._script.note("save_progress", call_id)
        self._script.saved.append(progress)
        self._script.announced.append(False)

    @activity.defn
    async def save_and_announce(self, call_id: str, progress: Progress) -> None:
        self._script.note("save_and_announce", call_id)
        self._script.saved.append(progress)
        self._script.announced.append(True)

    @activity.defn
    async def ask_admission(self, call_id: str) -> Admission:
        self._script.note("ask_admission", call_id)
        return self._script.next_admission()

    @activity.defn
    async def await_admission(self, call_id: str) -> Admission:
        """Waits as a retry, because a running activity would hold the skipped clock."""
        self._script.note("await_admission", call_id)
        if (said := self._script.next_admission()).turn is Turn.WAITING:
            raise ApplicationError("still waiting", next_retry_delay=timedelta(seconds=10))
        return said

    @activity.defn
    async def dial(self, order: DialOrder) -> DialOutcome:
        self._script.note("dial", order)
        return self._script.dials.pop(0) if self._script.dials else ACCEPTED

    @activity.defn
    async def find_dialled_call(self, look_up: LookUp) -> CarrierWord | None:
        self._script.note("find_dialled_call", look_up)
        return self._script.found

    @activity.defn
    async def ask_carrier(self, carrier_call_id: str) -> CarrierWord:
        self._script.note("ask_carrier", carrier_call_id)
        said = self._script.carrier_says
        if not said:
            return CarrierWord(known=True, carrier_call_id=carrier_call_id, status="unheard-of")
        return said.pop(0) if len(said) > 1 else said[0]

    @activity.defn
    async def hang_up(self, carrier_call_id: str) -> bool:
        self._script.note("hang_up", carrier_call_id)
        if self._script.on_hang_up:
            await self._script.on_hang_up()
        return True

    @activity.defn
    async def start_transfer(self, order: TransferOrder) -> bool:
        self._script.note("start_transfer", order)
        return True

    @activity.defn
    async def leave_message(self, call: LiveCall) -> bool:
        self._script.note("leave_message", call)
        return True

    @activity.defn
    async def adopt_call(self, adoption: Adoption) -> bool:
        self._script.note("adopt_call", adoption)
        return True

    @activity.defn
    async def extend_time_limit(self, extension: Extension) -> None:
        self._script.note("extend_time_limit", extension)

    @activity.defn
    async def check_answering_machine(self, check: MachineCheck) -> MachineDecision:
        self._script.note("check_answering_machine", check)
        return self._script.machine

    @activity.defn
    async def monitor_conversation(self, watch: Watch) -> CarrierWord | None:
        """Waits as a retry, because a running activity would hold the skipped clock."""
        self._script.note("monitor_conversation", watch)
        raise ApplicationError("still watching", next_retry_delay=timedelta(hours=9))

    @activity.defn
    async def archive_recording(self, order: RecordingOrder) -> RecordingOutcome:
        self._script.note("archive_recording", order)
        return self._script.recording

    @activity.defn
    async def archive_transcript(self, call_id: str) -> int:
        self._script.note("archive_transcript", call_id)
        return 4


_AT_WORK = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
}
"""A history that ends with one of these goes on by itself."""


class Stage:
    """One call on stage."""

    def __init__(self, env: WorkflowEnvironment, script: Script, order: CallOrder) -> None:
        self.env = env
        self.script = script
        self.order = order
        self.handle: WorkflowHandle[Any, CallResult]
        script.on_hang_up = self._carrier_confirms
        self.confirms_hangups = True
        self._was_answered = order.arrival is not None

    async def begin(self) -> None:
        """Start the call's workflow and wait until it is registered."""
        run = InboundCall.run if self.order.arrival else OutboundCall.run
        self.handle = await self.env.client.start_workflow(
            run, self.order, id=workflow_id(self.order.call_id), task_queue=CALL_QUEUE
        )
        await self.handle.execute_update("register")

    async def tell(self, *facts: Fact) -> None:
        """Signal facts, in this order, once the dial has its answer."""
        await self._until_dialled()
        for fact in facts:
            self._was_answered |= isinstance(fact, f.CallAnswered | f.ConversationStarted)
            await self.handle.signal(fact.kind, fact)

    async def _until_dialled(self) -> None:
        """Wait, in real time, until no dial is running.

        The time-skipping server refuses a task that cancels an activity which ended meanwhile
        (ACTIVITY_UNKNOWN), and hands that task out only again when its clock has moved: it does not.
        """
        async with asyncio.timeout(10):
            while any(doing.activity_type.name == "dial" for doing in await self._pending()):  # noqa: ASYNC110 - polls another process
                await asyncio.sleep(0.005)

    async def _pending(self) -> Sequence[PendingActivityInfo]:
        return (await self.handle.describe()).raw_description.pending_activities

    async def wait(self, seconds: float) -> None:
        """Let the call's time pass."""
        await self.env.sleep(seconds)

    async def until_asked(self, verb: str, times: int = 1) -> None:
        """Wait, in real time, until a verb was asked for."""
        async with asyncio.timeout(10):
            while self.script.times(verb) < times:
                self.script.was_asked.clear()
                await self.script.was_asked.wait()

    async def until_waiting(self) -> None:
        """Wait, in real time, until the call has nothing to do but to wait: no task of it is pending."""
        async with asyncio.timeout(10):
            while (await self._last_event()) in _AT_WORK:  # noqa: ASYNC110 - polls another process
                await asyncio.sleep(0.02)

    async def _last_event(self) -> EventType.ValueType:
        return (await self.handle.fetch_history()).events[-1].event_type

    def moment(self, seconds: float) -> datetime:
        """So many seconds from now, by the clock that facts are dated with."""
        return datetime.now(UTC) + timedelta(seconds=seconds)

    async def end(self) -> CallResult:
        """The call's result; time is skipped meanwhile."""
        return await self.handle.result()

    async def _carrier_confirms(self) -> None:
        if self.confirms_hangups:
            await self.tell(self.completed() if self._was_answered else self.completed("canceled", 487, 0))

    async def now(self) -> datetime:
        """The call's own time."""
        return await self.env.get_current_time()

    def _about(self, **more: Any) -> dict[str, Any]:
        return {"at": datetime.now(UTC), "carrier_call_id": CARRIER_CALL, "attempt_id": "", **more}

    def initiated(self) -> f.CallInitiated:
        return f.CallInitiated(**self._about())

    def ringing(self) -> f.CallRinging:
        return f.CallRinging(**self._about())

    def answered(self) -> f.CallAnswered:
        return f.CallAnswered(**self._about())

    def started(self) -> f.ConversationStarted:
        return f.ConversationStarted(**self._about(relay_session_id="VX1"))

    def completed(self, status: str = "completed", sip_code: int | None = 200, seconds: float = 7) -> f.CallCompleted:
        return f.CallCompleted(
            **self._about(carrier_status=f.CarrierEnd(status), sip_code=sip_code, duration_seconds=seconds)
        )

    def verdict(self, answered_by: str) -> f.MachineVerdict:
        return f.MachineVerdict(**self._about(answered_by=answered_by))


def an_order(to_number: str = ALICE) -> CallOrder:
    """A request to ring Alice."""
    request = CallRequest(from_number=CALLER, to_number=to_number, direction=Direction.OUTBOUND)
    return CallOrder(
        id=uuid4().hex[:24],
        call_id=f"c-{uuid4().hex[:12]}",
        request_id=uuid4().hex,
        request_sha256="0",
        request=request,
    )


def an_arrival(turned_away: TurnedAway | None = None, *, always_recorded: bool = True) -> CallOrder:
    """Alice calls our number."""
    return CallOrder(
        id=uuid4().hex[:24],
        call_id=f"in-{uuid4().hex}",
        request_id=uuid4().hex,
        request_sha256="0",
        request=CallRequest(from_number=ALICE, to_number=CALLER, direction=Direction.INBOUND),
        arrival=Arrival(
            carrier_call_id=CARRIER_CALL,
            at=datetime.now(UTC),
            turned_away=turned_away,
            always_recorded=always_recorded,
        ),
    )


def a_plan(**changes: Any) -> CallPlan:
    """Rita's plan, with other timers or policies."""
    policy = Policy(**{name: changes.pop(name) for name in list(changes) if name in Policy.model_fields})
    return CallPlan(**{"agent_id": "a" * 24, "agent_name": "Rita", "policy": policy, **changes})


LEAVES_A_MESSAGE = Voicemail(action="leave_message", message="Please call back.")


@asynccontextmanager
async def on_stage(
    env: WorkflowEnvironment, script: Script | None = None, order: CallOrder | None = None
) -> AsyncIterator[Stage]:
    """A stage with its workers running, for a call to Alice or another order."""
    script = script or Script()
    verbs = ScriptedVerbs(script)
    quick: list[Callable[..., Any]] = [
        verbs.register_call,
        verbs.give_up_registration,
        verbs.save_progress,
        verbs.save_and_announce,
        verbs.ask_admission,
        verbs.find_dialled_call,
        verbs.ask_carrier,
        verbs.hang_up,
        verbs.start_transfer,
        verbs.leave_message,
        verbs.adopt_call,
        verbs.extend_time_limit,
        verbs.check_answering_machine,
        verbs.archive_recording,
        verbs.archive_transcript,
    ]
    runner = workflow_runner()
    async with (
        Worker(
            env.client,
            task_queue=CALL_QUEUE,
            workflows=[OutboundCall, InboundCall, Redial],
            activities=quick,
            workflow_runner=runner,
        ),
        Worker(env.client, task_queue=DIAL_QUEUE, activities=[verbs.dial]),
        Worker(env.client, task_queue=MONITOR_QUEUE, activities=[verbs.monitor_conversation, verbs.await_admission]),
    ):
        yield Stage(env, script, order or an_order())
