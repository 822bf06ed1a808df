"""The sweep and the story of a call that was taken up, on the skipped clock."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.models import (
    CarrierWord,
    Found,
    Look,
    Recalled,
    RecordingOutcome,
    Suspect,
    TakeUp,
)
from calls import facts as f
from calls.agents import AgentSettings
from calls.model import CallOrder
from calls.reasons import FinishReason as R
from calls.recalling import LateWord, Traces
from calls.records import Progress, RecordingEntry, StoredCall
from calls.words import CallStatus, Party, Phase
from runtime.wiring.engine import workflow_runner
from tests.gateway.engine import start_engine
from tests.workflows.script import CARRIER_CALL, Script, ScriptedVerbs
from tests.workflows.stage import an_order
from workflows.live_call import CallResult
from workflows.names import CALL_QUEUE, SEARCH_ATTRIBUTES, workflow_id
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
    async with working(env, script):
        result: Swept = await env.client.execute_workflow(
            Sweep.run, Look(grace_seconds=1), id=f"sweep-{uuid4()}", task_queue=CALL_QUEUE
        )
    return result


async def test_a_sweep_without_suspects_is_one_step(env: WorkflowEnvironment) -> None:
    """Nothing found, nothing waited for."""
    script = SweepScript()
    assert await swept(env, script) == Swept()
    assert [name for name, _ in script.asked] == ["look_for_orphans"]


async def test_a_look_whose_worker_died_is_made_again_soon(env: WorkflowEnvironment) -> None:
    """The sweeps are one after the other: one that waited long for a dead worker would hold up all that follow."""
    script = SweepScript(workers_that_die=1)
    async with working(env, script):
        sweep = await env.client.start_workflow(
            Sweep.run, Look(grace_seconds=1), id=f"sweep-{uuid4()}", task_queue=CALL_QUEUE
        )
        assert await sweep.result() == Swept()
        history = (await sweep.fetch_history()).events
    assert [name for name, _ in script.asked] == ["look_for_orphans"] * 2
    took = history[-1].event_time.ToDatetime() - history[0].event_time.ToDatetime()
    assert took < timedelta(seconds=10)


@pytest.fixture
async def own_env() -> AsyncIterator[WorkflowEnvironment]:
    """A server of a test's own: after a child workflow that was abandoned, the shared one's clock stands still."""
    async with await start_engine() as environment:
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in SEARCH_ATTRIBUTES},
            )
        )
        yield environment


async def test_what_is_found_twice_is_taken_up_under_its_own_id(own_env: WorkflowEnvironment) -> None:
    """The call has a workflow again; what could not be judged is left to the next sweep."""
    script = SweepScript(carrier_says=[said("in-progress"), OVER])
    script.suspects = (Suspect(call_id="unjudged"), Suspect(call_id=script.order.call_id))
    async with working(own_env, script):
        result: Swept = await own_env.client.execute_workflow(
            Sweep.run, Look(grace_seconds=1), id=f"sweep-{uuid4()}", task_queue=CALL_QUEUE
        )
        assert result == Swept(suspected=2, taken_up=(script.order.call_id,))
        async with asyncio.timeout(20):
            while script.times("hang_up") == 0:
                script.was_asked.clear()
                await script.was_asked.wait()


async def test_what_is_well_at_the_second_look_is_left_alone(env: WorkflowEnvironment) -> None:
    """A story that was just starting, or was reset, has an owner by then."""
    script = SweepScript(confirms=False)
    script.suspects = (Suspect(call_id="c1"),)
    assert await swept(env, script) == Swept(suspected=1)


async def test_a_call_that_has_an_owner_again_is_not_taken_up(own_env: WorkflowEnvironment) -> None:
    """The engine has one workflow an id: whoever began first goes on."""
    script = SweepScript(carrier_says=[said("in-progress")])
    script.suspects = (Suspect(call_id=script.order.call_id),)
    owner = await own_env.client.start_workflow(
        TakenUpCall.run,
        TakeUp(order=script.order, story="lost"),
        id=workflow_id(script.order.call_id),
        task_queue="nobody-works-here",
    )
    assert await swept(own_env, script) == Swept(suspected=1)
    assert (await owner.describe()).status is WorkflowExecutionStatus.RUNNING
    await owner.terminate()


async def test_a_live_call_is_hung_up_and_says_why(env: WorkflowEnvironment) -> None:
    """The reason is known before the hangup; words and recording come home; the record goes on from its revision."""
    script = SweepScript(
        carrier_says=[said("in-progress"), OVER],
        recording=RecordingOutcome(recording_id="RE1", archive_id="1" * 24, size_bytes=7, sha256="0"),
    )
    script.progress = Progress(revision=5, **ANSWERED)
    result = await taken_up(env, script)
    assert (result.finish_reason, result.status, result.phase) == (R.UNKNOWN_ERROR, "error", Phase.ANSWERED)
    assert (result.evidence["detail"], result.evidence["workflow"]) == ("workflow_gone", "terminated")
    assert script.times("hang_up") == 1
    order = [name for name, _ in script.asked]
    assert order.index("hang_up") < order.index("archive_recording")
    assert script.times("archive_transcript") == 1
    assert script.saved[0].revision > 5
    last = script.saved[-1]
    assert (last.complete, last.recording.status) == (True, "archived")
    assert (last.start_time, last.answer_time) == (ANSWERED["start_time"], ANSWERED["answer_time"])


async def test_a_call_that_ended_by_itself_is_told_as_it_was(env: WorkflowEnvironment) -> None:
    """Nothing is hung up, and the carrier's word is the reason."""
    script = SweepScript(carrier_says=[said("busy", f.CarrierEnd.BUSY)])
    script.progress = Progress(
        revision=2, status=CallStatus.REGISTERED, carrier_call_id=CARRIER_CALL, attempt_id="a1", start_time=T0
    )
    result = await taken_up(env, script, story="lost")
    assert (result.finish_reason, result.evidence["workflow"]) == (R.LINE_BUSY, "lost")
    assert script.times("hang_up") == 0
    assert script.saved[-1].complete


async def test_late_words_are_heard(env: WorkflowEnvironment) -> None:
    """What the conversation told while no workflow listened is the reason."""
    ended = f.ConversationEnded(at=T0 + timedelta(seconds=30), reason=R.AGENT_ENDED_CALL, by=Party.AGENT)
    word = LateWord(kind=ended.kind, body=ended.model_dump(mode="json"), at=T0 + timedelta(seconds=30))
    script = SweepScript(carrier_says=[said("in-progress"), OVER], traces=Traces(late=(word,)))
    result = await taken_up(env, script)
    assert (result.finish_reason, result.by) == (R.AGENT_ENDED_CALL, Party.AGENT)
    assert script.times("hang_up") == 1


async def test_a_call_that_was_never_dialled_is_looked_for(env: WorkflowEnvironment) -> None:
    """For as long as an ambiguous dial would be; then it ends, and nothing is dialled."""
    script = SweepScript(progress=Progress(revision=1, status=CallStatus.REGISTERED))
    result = await taken_up(env, script, story="failed")
    assert (result.finish_reason, result.phase) == (R.UNKNOWN_ERROR, Phase.REGISTERED)
    assert script.times("find_dialled_call") >= 5
    assert script.times("hang_up") == 0


async def test_an_ended_call_keeps_its_reason(env: WorkflowEnvironment) -> None:
    """A story lost after the end is only completed."""
    ended = {
        **ANSWERED,
        "status": CallStatus.ENDED,
        "over": True,
        "end_time": T0 + timedelta(seconds=65),
        "duration_seconds": 60.0,
        "finish_reason": R.USER_ENDED_CALL,
        "by": Party.CALLEE,
        "phase": Phase.CONVERSATION,
        "evidence": {"carrier_status": "completed", "sip_code": 200},
        "recording": RecordingEntry(status="expected"),
    }
    script = SweepScript(progress=Progress(revision=9, **ended))
    result = await taken_up(env, script)
    assert result.finish_reason == R.USER_ENDED_CALL
    assert script.times("ask_carrier") == script.times("hang_up") == 0
    last = script.saved[-1]
    assert (last.complete, last.recording.status, last.duration_seconds) == (True, "absent", 60.0)
    assert last.evidence == {**ended["evidence"], "workflow": "terminated"}  # type: ignore[dict-item]


async def test_a_late_carrier_call_is_hung_up_and_amends_the_record(env: WorkflowEnvironment) -> None:
    """The reason stays; the record learns of the carrier call and how it ended."""
    script = SweepScript(
        progress=Progress(revision=4, **LOST),
        carrier_says=[said("ringing"), said("canceled", f.CarrierEnd.CANCELED)],
    )
    ringing = f.CallRinging(at=T0 + timedelta(seconds=90), carrier_call_id=CARRIER_CALL, attempt_id="a1")
    async with working(env, script):
        handle = await env.client.start_workflow(
            TakenUpCall.run,
            TakeUp(order=script.order, story="completed"),
            id=workflow_id(script.order.call_id),
            task_queue=CALL_QUEUE,
            start_signal=ringing.kind,
            start_signal_args=[ringing],
        )
        result = await handle.result()
    assert (result.finish_reason, result.phase) == (R.TWILIO_SERVICE_ERROR, Phase.DIALLING)
    assert [what for name, what in script.asked if name == "hang_up"] == [CARRIER_CALL]
    last = script.saved[-1]
    assert (last.carrier_call_id, last.complete) == (CARRIER_CALL, True)
    assert last.revision > 4
    assert (last.evidence["late_carrier_call_id"], last.evidence["carrier_status"]) == (CARRIER_CALL, "canceled")
    assert last.evidence["carrier_message"] == "HTTP 500"
    assert "workflow" not in last.evidence


async def test_a_recording_that_comes_after_all_amends_the_record(env: WorkflowEnvironment) -> None:
    """Taken for absent, it is archived when the carrier tells of it."""
    absent = {
        **ANSWERED,
        "status": CallStatus.ENDED,
        "over": True,
        "end_time": T0 + timedelta(seconds=65),
        "finish_reason": R.USER_ENDED_CALL,
        "by": Party.CALLEE,
        "phase": Phase.CONVERSATION,
        "recording": RecordingEntry(status="absent"),
        "complete": True,
    }
    ready = f.RecordingReady(
        at=T0 + timedelta(hours=1),
        carrier_call_id=CARRIER_CALL,
        attempt_id="a1",
        recording_id="RE1",
        recording_url="https://carrier.test/RE1",
    )
    word = LateWord(kind=ready.kind, body=ready.model_dump(mode="json"), at=ready.at)
    script = SweepScript(
        progress=Progress(revision=12, **absent),
        traces=Traces(late=(word,)),
        recording=RecordingOutcome(recording_id="RE1", archive_id="1" * 24, size_bytes=7, sha256="0"),
    )
    await taken_up(env, script, story="completed")
    assert script.times("hang_up") == 0
    assert (script.saved[-1].recording.status, script.saved[-1].complete) == ("archived", True)
    assert script.saved[-1].finish_reason is R.USER_ENDED_CALL


async def test_a_stray_of_another_carrier_call_is_hung_up(env: WorkflowEnvironment) -> None:
    """A carrier call that names our call and is not the record's is ended, and the evidence names it."""
    over = {**LOST, "carrier_call_id": CARRIER_CALL, "evidence": {"carrier_status": "failed"}}
    live = CarrierWord(known=True, carrier_call_id=STRAY, status="in-progress")
    script = SweepScript(progress=Progress(revision=4, **over), carrier_says=[live])
    await taken_up(env, script, story="completed", stray=STRAY)
    assert [what for name, what in script.asked if name == "hang_up"] == [STRAY]
    assert script.saved[-1].evidence["late_carrier_call_id"] == STRAY
    assert script.saved[-1].carrier_call_id == CARRIER_CALL


async def test_a_call_without_a_record_has_no_story(env: WorkflowEnvironment) -> None:
    """It was destroyed meanwhile."""
    script = SweepScript(has_record=False)
    result = await taken_up(env, script)
    assert result.finish_reason == ""
    assert script.saved == []
