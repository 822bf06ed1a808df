"""The workflow's timers: each at its default and at its bounds, one second before and one second after."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.models import CarrierWord, RecordingOutcome
from calls import facts as f
from calls.policy import MAXIMUM_DURATION_BOUNDS, RING_BOUNDS, Policy
from calls.reasons import FinishReason as R
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import Stage, a_plan, on_stage

DEFAULT = Policy()
RINGS = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="ringing")
QUEUED = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="queued")
TALKS = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="in-progress")


async def ended_at(stage: Stage) -> R:
    """The reason of a call whose workflow is completed, never failed."""
    result = await stage.end()
    assert (await stage.handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    return R(result.finish_reason)


@pytest.mark.parametrize("ring_seconds", [DEFAULT.ring_seconds, *RING_BOUNDS])
@pytest.mark.parametrize(("beside", "reason"), [(-1, R.USER_ENDED_CALL), (+1, R.NO_ANSWER)])
async def test_ringing(env: WorkflowEnvironment, ring_seconds: float, beside: int, reason: R) -> None:
    """Answered a second before our backstop it talks; a second after it was given up."""
    plan = a_plan(ring_seconds=ring_seconds)
    async with on_stage(env, Script(plan=plan, carrier_says=[RINGS])) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing())
        await stage.until_waiting()
        await stage.wait(ring_seconds + DEFAULT.ring_backstop_seconds + beside)
        if beside < 0:  # afterwards there is nobody left to tell
            await stage.tell(stage.answered(), stage.started(), stage.completed())
        assert await ended_at(stage) is reason


@pytest.mark.parametrize(("beside", "reason"), [(-1, R.USER_ENDED_CALL), (+1, R.REGISTERED_CALL_TIMED_OUT)])
async def test_the_registered_deadline(env: WorkflowEnvironment, beside: int, reason: R) -> None:
    """Under way a second before it the call goes on; a second after it was cancelled."""
    async with on_stage(env, Script(carrier_says=[QUEUED])) as stage:
        await stage.begin()
        await stage.until_asked("dial")
        await stage.until_waiting()
        await stage.wait(DEFAULT.registered_seconds + beside)
        if beside < 0:
            await stage.tell(stage.initiated(), stage.answered(), stage.started(), stage.completed())
        assert await ended_at(stage) is reason


@pytest.mark.parametrize(("beside", "reason"), [(-1, R.USER_ENDED_CALL), (+1, R.USER_CONNECTION_FAILURE)])
async def test_the_audio_connection(env: WorkflowEnvironment, beside: int, reason: R) -> None:
    """A relay that comes a second before its time is up is in time."""
    async with on_stage(env, Script(carrier_says=[TALKS])) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.answered())
        await stage.until_asked("monitor_conversation")
        await stage.wait(DEFAULT.media_up_seconds + beside)
        if beside < 0:
            await stage.tell(stage.started(), stage.completed())
        assert await ended_at(stage) is reason


async def test_a_gateway_that_died_with_the_news_is_no_connection_failure(env: WorkflowEnvironment) -> None:
    """It had connected the callee and left a pulse, and nothing else: the call goes on, for another one to take up."""
    script = Script()
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.answered())
        await stage.until_asked("monitor_conversation")
        up = {"relay_session_id": "VX1", "relay_was_up_at": await stage.now()}
        script.carrier_says = [CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="in-progress", **up)]
        await stage.wait(DEFAULT.media_up_seconds + 1)
        await stage.until_asked("ask_carrier")
        asked = next(what for verb, what in script.asked if verb == "ask_carrier")
        assert asked.call_id == stage.order.call_id
        await stage.until_waiting()
        assert stage.script.times("hang_up") == 0
        await stage.tell(stage.completed())
        assert await ended_at(stage) is R.USER_ENDED_CALL


@pytest.mark.parametrize("maximum", [DEFAULT.maximum_duration_seconds, *MAXIMUM_DURATION_BOUNDS])
@pytest.mark.parametrize(("beside", "reason"), [(-1, R.USER_ENDED_CALL), (+1, R.MAXIMUM_DURATION_EXCEEDED)])
async def test_the_maximum_duration(env: WorkflowEnvironment, maximum: float, beside: int, reason: R) -> None:
    """A callee who hangs up a second before it ended the call; a second later it was the limit."""
    async with on_stage(env, Script(plan=a_plan(maximum_duration_seconds=maximum))) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.answered(), stage.started())
        await stage.until_asked("monitor_conversation")
        await stage.wait(maximum + beside)
        if beside < 0:
            await stage.tell(stage.completed())
        assert await ended_at(stage) is reason


@pytest.mark.parametrize(("beside", "asked"), [(-1, 0), (+1, 1)])
async def test_the_machine_verdict(env: WorkflowEnvironment, beside: int, asked: int) -> None:
    """The carrier's verdict is waited for as long as it may take and a little longer; then the check asks for it."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        await stage.until_asked("monitor_conversation")
        patience = DEFAULT.machine_detection_seconds + DEFAULT.machine_verdict_grace_seconds
        await stage.wait(patience + beside)
        if asked:
            await stage.until_asked("check_answering_machine")
        assert stage.script.times("check_answering_machine") == asked
        await stage.tell(stage.completed())
        await stage.end()


@pytest.mark.parametrize(("beside", "asked"), [(-1, 0), (+1, 1)])
async def test_a_hangup_is_waited_for(env: WorkflowEnvironment, beside: int, asked: int) -> None:
    """Before its time is up the carrier's word is awaited, afterwards asked for."""
    over = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="completed", end=f.CarrierEnd.COMPLETED)
    async with on_stage(env, Script(carrier_says=[over])) as stage:
        stage.confirms_hangups = False
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        await stage.handle.signal("end")
        await stage.until_asked("hang_up")
        await stage.until_waiting()
        await stage.wait(DEFAULT.hangup_confirmation_seconds + beside)
        if asked:
            await stage.until_asked("ask_carrier")
        assert stage.script.times("ask_carrier") == asked
        await stage.tell(stage.completed())
        assert await ended_at(stage) is R.AGENT_ENDED_CALL


@pytest.mark.parametrize("beside", [-1, +1])
async def test_the_recording_is_waited_for(env: WorkflowEnvironment, beside: int) -> None:
    """A recording that is told of in time is fetched by its name; after that the carrier is asked what there is."""
    script = Script(recording=RecordingOutcome(recording_id="RE1", archive_id="a1", size_bytes=4, sha256="0"))
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started(), stage.completed())
        await stage.until_asked("archive_transcript")
        await stage.until_waiting()
        await stage.wait(DEFAULT.recording_seconds + beside)
        if beside < 0:
            about = {"carrier_call_id": CARRIER_CALL, "attempt_id": ""}
            url = "https://api.example.com/RE1"
            ready = f.RecordingReady(at=await stage.now(), recording_id="RE1", recording_url=url, **about)
            await stage.tell(ready)
        await stage.end()
    fetched = next(what for verb, what in stage.script.asked if verb == "archive_recording")
    assert fetched.recording_id == ("RE1" if beside < 0 else "")


async def test_a_transferred_call_has_a_limit_of_its_own(env: WorkflowEnvironment) -> None:
    """A second before it the carrier's call still lives; when it comes the call is hung up, its reason unchanged."""
    async with on_stage(env, Script(plan=a_plan(transferred_maximum_seconds=600))) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        asked = f.TransferRequested(at=await stage.now(), request_id="t1", to_number="+14155550110", by="agent")
        await stage.tell(asked, f.TransferBridged(at=await stage.now(), request_id="t1"))
        await stage.until_asked("extend_time_limit")
        await stage.until_waiting()
        await stage.wait(599)
        assert stage.script.times("hang_up") == 0
        await stage.wait(2)
        await stage.until_asked("hang_up")
        assert await ended_at(stage) is R.CALL_TRANSFERRED
    extension = next(what for verb, what in stage.script.asked if verb == "extend_time_limit")
    assert timedelta(seconds=extension.time_limit_seconds) >= timedelta(seconds=600)
