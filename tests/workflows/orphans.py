"""A sweep and the story of a call that was taken up, over a script of what is stored and what each look finds."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.models import (
    CarrierWord,
    Found,
    Look,
    Recalled,
    Suspect,
    TakeUp,
)
from calls import facts as f
from calls.agents import AgentSettings
from calls.model import CallOrder
from calls.reasons import FinishReason as R
from calls.recalling import Traces
from calls.records import Progress, StoredCall
from calls.words import CallStatus, Party, Phase
from runtime.wiring.engine import workflow_runner
from tests.workflows.script import CARRIER_CALL, Script, ScriptedVerbs
from tests.workflows.stage import an_order
from workflows.live_call import CallResult
from workflows.names import CALL_QUEUE, workflow_id
from workflows.sweep import Sweep, Swept
from workflows.taken_up_call import TakenUpCall

AGENT = AgentSettings(ai_agent_name="Rita", llm_websocket_url="wss://agent.test/llm")
STRAY = "CA" + "7" * 32
T0 = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ANSWERED = {
    "status": CallStatus.ONGOING,
    "carrier_call_id": CARRIER_CALL,
    "attempt_id": "a1",
    "start_time": T0,
    "answer_time": T0 + timedelta(seconds=5),
}
LOST = {
    "status": CallStatus.ERROR,
    "over": True,
    "end_time": T0 + timedelta(seconds=60),
    "finish_reason": R.TWILIO_SERVICE_ERROR,
    "by": Party.CARRIER,
    "phase": Phase.DIALLING,
    "evidence": {"carrier_message": "HTTP 500"},
    "complete": True,
}


@dataclass
class SweepScript(Script):
    """What is stored, what each look finds."""

    order: CallOrder = field(default_factory=an_order)
    progress: Progress = field(default_factory=lambda: Progress(revision=5, **ANSWERED))
    traces: Traces = field(default_factory=Traces)
    suspects: tuple[Suspect, ...] = ()
    confirms: bool = True
    has_record: bool = True
    workers_that_die: int = 0

    @property
    def stored(self) -> StoredCall:
        return StoredCall(
            order=self.order,
            agent_id="a" * 24,
            agent=AGENT,
            plan=self.plan,
            registered_at=T0,
            progress=self.progress,
        )


class SweepVerbs:
    """The sweep's activities, over a script."""

    def __init__(self, script: SweepScript) -> None:
        self._script = script

    @activity.defn
    async def look_for_orphans(self, look: Look) -> Found:
        self._script.note("look_for_orphans", look)
        if activity.info().attempt <= self._script.workers_that_die:
            activity.raise_complete_async()  # nobody ever answers, and nothing is heard
        return Found(suspects=self._script.suspects)

    @activity.defn
    async def confirm_orphan(self, suspect: Suspect) -> TakeUp | None:
        self._script.note("confirm_orphan", suspect)
        if suspect.call_id == "unjudged":
            raise ApplicationError("the store is away", non_retryable=True)
        return TakeUp(order=self._script.order, story="terminated") if self._script.confirms else None

    @activity.defn
    async def recall_call(self, call_id: str) -> Recalled | None:
        self._script.note("recall_call", call_id)
        script = self._script
        return Recalled(stored=script.stored, traces=script.traces) if script.has_record else None

    @activity.defn
    async def find_dialled_call(self, look_up: Any) -> CarrierWord | None:
        self._script.note("find_dialled_call", look_up)
        return None


@asynccontextmanager
async def working(env: WorkflowEnvironment, script: SweepScript) -> AsyncIterator[None]:
    """A worker with the sweep's workflows, over a script."""
    verbs, sweeping = ScriptedVerbs(script), SweepVerbs(script)
    activities: list[Callable[..., Any]] = [
        verbs.save_progress,
        verbs.ask_carrier,
        verbs.hang_up,
        verbs.archive_recording,
        verbs.archive_transcript,
        sweeping.look_for_orphans,
        sweeping.confirm_orphan,
        sweeping.recall_call,
        sweeping.find_dialled_call,
    ]
    async with Worker(
        env.client,
        task_queue=CALL_QUEUE,
        workflows=[Sweep, TakenUpCall],
        activities=activities,
        workflow_runner=workflow_runner(),
    ):
        yield


async def taken_up(
    env: WorkflowEnvironment, script: SweepScript, *, story: str = "terminated", stray: str = ""
) -> CallResult:
    """The rest of a call's story."""
    async with working(env, script):
        result: CallResult = await env.client.execute_workflow(
            TakenUpCall.run,
            TakeUp(order=script.order, story=story, carrier_call_id=stray),
            id=workflow_id(script.order.call_id),
            task_queue=CALL_QUEUE,
        )
    return result


def said(status: str, end: f.CarrierEnd | None = None, **more: Any) -> CarrierWord:
    """The carrier's word."""
    return CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status=status, end=end, **more)


OVER = said("completed", f.CarrierEnd.COMPLETED, duration_seconds=9)


async def swept(env: WorkflowEnvironment, script: SweepScript) -> Swept:
    """One sweep."""
    return (await timed(env, script))[0]


async def timed(env: WorkflowEnvironment, script: SweepScript) -> tuple[Swept, timedelta]:
    """One sweep, and how long it took."""
    async with working(env, script):
        sweep = await env.client.start_workflow(
            Sweep.run, Look(grace_seconds=1), id=f"sweep-{uuid4()}", task_queue=CALL_QUEUE
        )
        result: Swept = await sweep.result()
        history = (await sweep.fetch_history()).events
    return result, history[-1].event_time.ToDatetime() - history[0].event_time.ToDatetime()
