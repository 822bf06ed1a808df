"""A stage for workflow stories: the real workflow on the time-skipping server, with scripted verbs around it.

The verbs are activities of the same names as the real ones; they remember what they were asked and answer what the
test wants. Time is skipped by the server while a result is awaited, or by `Stage.wait`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio.api.enums.v1 import EventType
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from calls import facts as f
from calls.agents import Voicemail
from calls.facts import Fact
from calls.model import Arrival, CallOrder, CallPlan, CallRequest, TurnedAway
from calls.policy import Policy
from calls.words import Direction
from runtime.wiring.engine import workflow_runner
from tests.workflows.script import CARRIER_CALL, Script, ScriptedVerbs
from workflows.fitting import OnlyWhatFits
from workflows.inbound_call import InboundCall
from workflows.live_call import CallResult
from workflows.names import CALL_QUEUE, DIAL_QUEUE, MONITOR_QUEUE, workflow_id
from workflows.outbound_call import OutboundCall
from workflows.redial import Redial

ALICE, CALLER, TARGET = "+14155550101", "+14155550100", "+14155550110"


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
        self._ahead = timedelta(0)

    async def begin(self) -> None:
        """Start the call's workflow and wait until it is registered."""
        await self.start()
        await self.handle.execute_update("register")
        await self._look_at_the_clock()

    async def start(self) -> None:
        """Start the call's workflow."""
        run = InboundCall.run if self.order.arrival else OutboundCall.run
        self.handle = await self.env.client.start_workflow(
            run, self.order, id=workflow_id(self.order.call_id), task_queue=CALL_QUEUE
        )

    async def _look_at_the_clock(self) -> None:
        """See how far the call's clock has skipped ahead: carrier and engine agree on the time."""
        self._ahead = await self.now() - datetime.now(UTC)

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
        await self._look_at_the_clock()

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
        return datetime.now(UTC) + self._ahead + timedelta(seconds=seconds)

    async def end(self) -> CallResult:
        """The call's result; time is skipped meanwhile."""
        return await self.handle.result()

    async def _carrier_confirms(self) -> None:
        if self.confirms_hangups:
            await self._look_at_the_clock()
            await self.tell(self.completed() if self._was_answered else self.completed("canceled", 487, 0))

    async def now(self) -> datetime:
        """The call's own time."""
        return await self.env.get_current_time()

    def _about(self, **more: Any) -> dict[str, Any]:
        return {"at": self.moment(0), "carrier_call_id": CARRIER_CALL, "attempt_id": "", **more}

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
        verbs.find_calling_time,
        verbs.find_dialled_call,
        verbs.ask_carrier,
        verbs.hang_up,
        verbs.start_transfer,
        verbs.leave_message,
        verbs.adopt_call,
        verbs.extend_time_limit,
        verbs.stop_recording,
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
            interceptors=[OnlyWhatFits()],
            workflow_runner=runner,
        ),
        Worker(env.client, task_queue=DIAL_QUEUE, activities=[verbs.dial]),
        Worker(env.client, task_queue=MONITOR_QUEUE, activities=[verbs.monitor_conversation, verbs.await_admission]),
    ):
        yield Stage(env, script, order or an_order())
