"""The story of a call that was taken up, on the skipped clock: hung up, told as it was, brought home."""

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from activities.models import (
    CarrierWord,
    RecordingOutcome,
    TakeUp,
)
from calls import facts as f
from calls.reasons import FinishReason as R
from calls.recalling import LateWord, Traces
from calls.records import Progress, RecordingEntry
from calls.words import CallStatus, Party, Phase
from tests.workflows.orphans import (
    ANSWERED,
    LOST,
    OVER,
    STRAY,
    T0,
    SweepScript,
    said,
    taken_up,
    working,
)
from tests.workflows.script import CARRIER_CALL
from workflows.names import CALL_QUEUE, workflow_id
from workflows.taken_up_call import TakenUpCall


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
