"""Word and wishes that come late, while the story they are about is still being told or written down."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.models import CarrierWord, DialOutcome, DialResult, RecordingOutcome
from calls import facts as f
from calls.agents import Voicemail
from calls.reasons import FinishReason as R
from calls.records import Progress
from calls.words import Party
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import TARGET, Stage, a_plan, on_stage
from workflows.messages import EndRequest, TransferRequest
from workflows.names import CALL_FINISH_REASON
from workflows.outbound_call import OutboundCall

LOST = DialOutcome(result=DialResult.AMBIGUOUS, message="timed out")
BUSY_CARRIER = DialOutcome(result=DialResult.NOT_PROCESSED, reason=R.TWILIO_SERVICE_ERROR, message="429")


class Store:
    """A store that can be away."""

    def __init__(self) -> None:
        self.is_away = False

    async def save(self, _: Progress) -> None:
        if self.is_away:
            is_local = activity.info().is_local  # those would be tried for seconds, during which nothing is delivered
            raise ApplicationError("away", non_retryable=is_local, next_retry_delay=timedelta(seconds=5))


async def _is_cancelling(stage: Stage) -> bool:
    kinds = [event.event_type for event in (await stage.handle.fetch_history()).events]
    return EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED in kinds


async def talking(stage: Stage) -> None:
    await stage.begin()
    await stage.tell(stage.initiated(), stage.answered(), stage.started())


@pytest.mark.parametrize(("age", "times"), [(30.0, 1), (70.0, 0)])
async def test_a_wish_for_a_transfer_grows_old(env: WorkflowEnvironment, age: float, times: int) -> None:
    """The agent has been told that nothing came of it, and talks on: the callee is not torn away then."""
    async with on_stage(env) as stage:
        await talking(stage)
        asked = f.TransferRequested(at=stage.moment(-age), request_id="t1", to_number=TARGET, by=Party.AGENT)
        await stage.tell(asked)
        await stage.wait(1)
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL
    assert stage.script.times("start_transfer") == times


@pytest.mark.parametrize(("longest", "reason"), [(3600.0, R.USER_ENDED_CALL), (30.0, R.MAXIMUM_DURATION_EXCEEDED)])
async def test_a_transfer_waits_no_longer_than_its_asker(env: WorkflowEnvironment, longest: float, reason: R) -> None:
    """The target's number cannot be stored: the transfer fails, and the maximum duration holds meanwhile."""
    store = Store()
    script = Script(plan=a_plan(maximum_duration_seconds=longest, wrap_up_notice_seconds=5), on_save=store.save)
    async with on_stage(env, script) as stage:
        await talking(stage)
        store.is_away = True
        await stage.handle.execute_update(OutboundCall.transfer, TransferRequest(to_number=TARGET, request_id="t1"))
        await stage.wait(55)
        store.is_away = False
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == reason
    assert stage.script.times("start_transfer") == 0
    assert any(one.transfer and one.transfer.status == "failed" for one in stage.script.saved)


async def test_a_lost_dial_that_rings_while_its_story_is_written_is_hung_up(env: WorkflowEnvironment) -> None:
    """The carrier's word came when nobody listened any more, and the reason stays that of the lost dial."""
    store = Store()
    script = Script(plan=a_plan(lost_dials_stay_lost=True), dials=[LOST], on_save=store.save)
    async with on_stage(env, script) as stage:
        await stage.begin()
        store.is_away = True
        await stage.wait(45)
        await stage.tell(stage.ringing())
        store.is_away = False
        result = await stage.end()
    assert result.finish_reason == R.TWILIO_SERVICE_ERROR
    assert [what for verb, what in stage.script.asked if verb == "hang_up"] == [CARRIER_CALL]


async def test_what_is_told_during_the_last_write_is_kept(env: WorkflowEnvironment) -> None:
    """The complete record waits for the store, the lost dial rings, and the record knows of it in the end."""
    is_told = False

    async def save(progress: Progress) -> None:
        if progress.complete and not is_told:
            raise ApplicationError(
                "away", non_retryable=activity.info().is_local, next_retry_delay=timedelta(seconds=5)
            )

    plan = a_plan(lost_dials_stay_lost=True)
    async with on_stage(env, Script(plan=plan, dials=[LOST], on_save=save)) as stage:
        await stage.begin()
        await stage.wait(45)
        await stage.tell(stage.ringing())
        is_told = True
        result = await stage.end()
    assert result.finish_reason == R.TWILIO_SERVICE_ERROR
    assert stage.script.times("hang_up") == 1
    last = stage.script.saved[-1]
    assert (last.complete, last.carrier_call_id) == (True, CARRIER_CALL)
    assert last.finish_reason is R.TWILIO_SERVICE_ERROR


async def test_an_end_that_was_accepted_is_the_reason_of_a_dial_that_never_came_about(
    env: WorkflowEnvironment,
) -> None:
    """The carrier takes no dial, the deadline is near, and somebody asks for the end during the last one."""
    async with on_stage(env, Script(plan=a_plan(registered_seconds=1), dials=[BUSY_CARRIER])) as stage:

        async def ended_meanwhile() -> None:
            await stage.handle.signal("end", EndRequest(request_id="r1"))
            async with asyncio.timeout(10):
                while not await _is_cancelling(stage):  # noqa: ASYNC110 - polls another process
                    await asyncio.sleep(0.01)

        stage.script.on_dial = ended_meanwhile
        await stage.start()
        result = await stage.end()
    assert (result.finish_reason, result.by) == (R.CALL_FAILED, "operator")
    assert stage.script.times("dial") == 1


@pytest.mark.parametrize(("action", "times"), [("hang_up", 0), ("ignore", 0), ("leave_message", 1)])
async def test_a_message_is_left_as_the_policy_says(env: WorkflowEnvironment, action: Any, times: int) -> None:
    """The agent finds a voicemail box and ends the call: a message that is only written down is not spoken."""
    voicemail = Voicemail(action=action, message="Please call back.")
    async with on_stage(env, Script(plan=a_plan(voicemail=voicemail))) as stage:
        await talking(stage)
        await stage.tell(
            f.ConversationEnded(at=stage.moment(0), reason=R.VOICEMAIL_DETECTED, by=Party.CALLEE_SIDE, attempt_id="")
        )
        result = await stage.end()
    assert result.finish_reason == R.VOICEMAIL_DETECTED
    assert stage.script.times("leave_message") == times


async def test_a_recording_that_comes_before_the_story_ends_is_fetched(env: WorkflowEnvironment) -> None:
    """It was taken for absent already, while the transcript was waited for."""
    kept = RecordingOutcome(recording_id="RE1", archive_id="1" * 24, size_bytes=7, sha256="0")
    async with on_stage(env) as stage:
        await talking(stage)
        stage.script.broken_for["archive_transcript"] = timedelta(hours=1)
        await stage.tell(stage.completed())
        await stage.until_asked("archive_transcript")
        await stage.wait(700)
        await stage.until_asked("archive_recording")
        await stage.until_waiting()
        stage.script.recording = kept
        about = {"carrier_call_id": CARRIER_CALL, "attempt_id": ""}
        url = "https://api.example.com/RE1"
        await stage.tell(f.RecordingReady(at=stage.moment(0), recording_id="RE1", recording_url=url, **about))
        await stage.end()
    assert (stage.script.saved[-1].recording.status, stage.script.saved[-1].complete) == ("archived", True)
    assert stage.script.times("archive_recording") == 2


async def test_a_recording_that_the_carrier_does_not_have_is_absent(env: WorkflowEnvironment) -> None:
    """Told so, nobody asks for it."""
    async with on_stage(env) as stage:
        await talking(stage)
        about = {"carrier_call_id": CARRIER_CALL, "attempt_id": ""}
        await stage.tell(stage.completed(), f.RecordingAbsent(at=stage.moment(0), recording_id="RE1", **about))
        await stage.end()
    assert stage.script.times("archive_recording") == 0
    assert (stage.script.saved[-1].recording.status, stage.script.saved[-1].complete) == ("absent", True)


async def test_an_end_that_was_asked_for_is_in_the_history_before_it_is_on_record(env: WorkflowEnvironment) -> None:
    """The carrier's own word may come in the same task, and say more: that task is done again, and its writes stay."""
    failed = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="failed", end=f.CarrierEnd.FAILED)
    script = Script(plan=a_plan(keeps_decisions=True), carrier_says=[failed])
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.tell(stage.initiated())
        result = await stage.end()
        kinds = [
            event.activity_task_scheduled_event_attributes.activity_type.name
            for event in (await stage.handle.fetch_history()).events
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        ]
    assert result.finish_reason == R.TWILIO_SERVICE_ERROR
    assert "save_progress" in kinds


async def test_the_reason_that_is_shown_is_the_last_one(env: WorkflowEnvironment) -> None:
    """An end asked for while it rang, and then the carrier tells that the line had been busy."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing())
        stage.confirms_hangups = False
        await stage.handle.execute_update("end", EndRequest(request_id="r1"))
        await stage.until_asked("hang_up")
        await stage.tell(stage.completed("busy", 486, 0))
        result = await stage.end()
        shown = (await stage.handle.describe()).typed_search_attributes[CALL_FINISH_REASON]
    assert result.finish_reason == shown == R.LINE_BUSY
