"""Every ending that the workflow itself decides or reads, on the skipped clock."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.models import CarrierWord, DialOutcome, DialResult, MachineDecision
from calls import facts as f
from calls.facts import CarrierEnd, MachineAction
from calls.reasons import FinishReason as R
from calls.words import Party
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import LEAVES_A_MESSAGE, a_plan, on_stage
from workflows.messages import EndRequest


async def test_the_callee_hangs_up(env: WorkflowEnvironment) -> None:
    """A call that talks and is hung up by the callee ends as user_ended_call, completed, with one dial."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing(), stage.answered(), stage.started(), stage.completed())
        result = await stage.end()
    assert (result.finish_reason, result.status, result.by) == (R.USER_ENDED_CALL, "ended", "callee")
    assert stage.script.times("dial") == 1
    assert stage.script.times("hang_up") == 0
    last = stage.script.saved[-1]
    assert last.complete
    assert last.finish_reason is R.USER_ENDED_CALL


async def test_a_phone_that_rings_29_of_30_seconds_is_answered(env: WorkflowEnvironment) -> None:
    """Ringing longer than any short wait, but within the ring time-out, ends in a talk."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing())
        await stage.wait(29)
        await stage.tell(stage.answered(), stage.started())
        await stage.wait(60)
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL


async def test_nobody_answers_and_the_carrier_stays_silent(env: WorkflowEnvironment) -> None:
    """Our ring backstop asks the carrier, then ends the call as no_answer and hangs up."""
    async with on_stage(env) as stage:
        stage.script.carrier_says = [CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="ringing")]
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing())
        result = await stage.end()
    assert result.finish_reason == R.NO_ANSWER
    assert result.evidence["timer"] == "ring time-out"
    assert stage.script.times("hang_up") == 1


async def test_a_lost_answer_is_learnt_by_asking(env: WorkflowEnvironment) -> None:
    """When the ring time-out passes but the carrier says in-progress, the call goes on."""
    async with on_stage(env) as stage:
        stage.script.carrier_says = [CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="in-progress")]
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing())
        await stage.wait(41)
        await stage.tell(stage.started())
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL


@pytest.mark.parametrize(
    ("status", "sip_code", "reason"),
    [
        ("busy", 486, R.LINE_BUSY),
        ("no-answer", 487, R.NO_ANSWER),
        ("failed", 404, R.CALL_FAILED),
        ("failed", 503, R.TWILIO_SERVICE_ERROR),
        ("completed", None, R.UNKNOWN_ERROR),
    ],
)
async def test_the_carrier_ends_the_call(
    env: WorkflowEnvironment, status: str, sip_code: int | None, reason: R
) -> None:
    """A call the carrier ends before the answer takes its reason from status and SIP code."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.completed(status, sip_code, 0))
        result = await stage.end()
    assert result.finish_reason == reason
    assert result.evidence["carrier_status"] == status


async def test_nothing_is_under_way_at_the_registered_deadline(env: WorkflowEnvironment) -> None:
    """A dial the carrier keeps in its queue is cancelled and ends as registered_call_timed_out."""
    async with on_stage(env) as stage:
        stage.script.carrier_says = [CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="queued")]
        await stage.begin()
        result = await stage.end()
    assert result.finish_reason == R.REGISTERED_CALL_TIMED_OUT
    assert stage.script.times("hang_up") == 1


async def test_the_relay_never_comes_up(env: WorkflowEnvironment) -> None:
    """An answered call without a relay for 20 seconds is a user_connection_failure."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing(), stage.answered())
        result = await stage.end()
    assert result.finish_reason == R.USER_CONNECTION_FAILURE
    assert stage.script.times("hang_up") == 1


async def test_the_maximum_duration(env: WorkflowEnvironment) -> None:
    """A call at its maximum duration ends as such, and its workflow completes."""
    async with on_stage(env, Script(plan=a_plan(maximum_duration_seconds=120))) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.answered(), stage.started())
        result = await stage.end()
    assert (result.finish_reason, result.status) == (R.MAXIMUM_DURATION_EXCEEDED, "ended")


async def test_the_agent_ends_the_call(env: WorkflowEnvironment) -> None:
    """What the conversation reports is the reason, though our own hangup makes the carrier say completed."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        await stage.tell(f.ConversationEnded(at=await stage.now(), reason=R.AGENT_ENDED_CALL, by=Party.AGENT))
        result = await stage.end()
    assert (result.finish_reason, result.by) == (R.AGENT_ENDED_CALL, "agent")
    assert stage.script.times("hang_up") == 1


async def test_a_machine_answers(env: WorkflowEnvironment) -> None:
    """A machine's verdict under the hang-up policy ends the call as answering_machine_detected."""
    script = Script(machine=MachineDecision(action=MachineAction.HANG_UP, answered_by="machine_start", why="policy"))
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started(), stage.verdict("machine_start"))
        result = await stage.end()
    assert result.finish_reason == R.ANSWERING_MACHINE_DETECTED
    assert result.evidence["answered_by"] == "machine_start"


async def test_a_message_is_left(env: WorkflowEnvironment) -> None:
    """Under the leave-a-message policy the message is spoken before the call ends as voicemail_detected."""
    decision = MachineDecision(action=MachineAction.LEAVE_MESSAGE, answered_by="machine_end_beep", why="policy")
    async with on_stage(env, Script(machine=decision, plan=a_plan(voicemail=LEAVES_A_MESSAGE))) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started(), stage.verdict("machine_end_beep"))
        await stage.until_asked("leave_message")
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.VOICEMAIL_DETECTED
    assert stage.script.times("hang_up") == 0


async def test_no_verdict_ever_comes(env: WorkflowEnvironment) -> None:
    """Without a verdict the carrier is asked after its time-out, and unknown counts as human."""
    script = Script(machine=MachineDecision(action=MachineAction.PROCEED, answered_by="unknown", why="no machine"))
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        await stage.wait(36)
        await stage.until_asked("check_answering_machine")
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL
    check = next(what for verb, what in stage.script.asked if verb == "check_answering_machine")
    assert check.answered_by is None


async def test_the_carrier_refuses_the_dial(env: WorkflowEnvironment) -> None:
    """A refused dial ends the call with the refusal's reason, and is not repeated."""
    refused = DialOutcome(
        result=DialResult.REFUSED, reason=R.CALL_FAILED, message="no", evidence={"carrier_error_code": 21211}
    )
    async with on_stage(env, Script(dials=[refused])) as stage:
        await stage.begin()
        result = await stage.end()
    assert result.finish_reason == R.CALL_FAILED
    assert result.evidence["carrier_error_code"] == 21211
    assert stage.script.times("dial") == 1


async def test_a_dial_that_was_not_processed_is_repeated(env: WorkflowEnvironment) -> None:
    """After a 429 the same attempt is dialled again, and the call goes its way."""
    busy = DialOutcome(result=DialResult.NOT_PROCESSED, reason=R.TWILIO_SERVICE_ERROR, message="429")
    async with on_stage(env, Script(dials=[busy, busy])) as stage:
        await stage.begin()
        await stage.wait(10)
        await stage.until_asked("dial", 3)
        await stage.tell(stage.answered(), stage.started(), stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL
    attempts = {what.attempt_id for verb, what in stage.script.asked if verb == "dial"}
    assert len(attempts) == 1


async def test_a_lost_dial_is_never_repeated(env: WorkflowEnvironment) -> None:
    """An ambiguous dial that nothing turns up for ends as twilio_service_error, with a single dial."""
    lost = DialOutcome(result=DialResult.AMBIGUOUS, message="timed out")
    async with on_stage(env, Script(dials=[lost])) as stage:
        await stage.begin()
        result = await stage.end()
    assert result.finish_reason == R.TWILIO_SERVICE_ERROR
    assert stage.script.times("dial") == 1
    assert stage.script.times("find_dialled_call") > 3


async def test_a_lost_dial_is_found_at_the_carrier(env: WorkflowEnvironment) -> None:
    """An ambiguous dial whose call the carrier lists is adopted and talks."""
    lost = DialOutcome(result=DialResult.AMBIGUOUS, message="timed out")
    found = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="ringing")
    async with on_stage(env, Script(dials=[lost], found=found)) as stage:
        await stage.begin()
        await stage.wait(5)
        await stage.until_asked("find_dialled_call")
        await stage.tell(stage.answered(), stage.started(), stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL
    assert stage.script.times("dial") == 1


async def test_a_call_ended_while_it_rings_is_cancelled(env: WorkflowEnvironment) -> None:
    """An end before the answer hangs up and is call_failed, with who asked in the evidence."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing())
        ack = await stage.handle.execute_update("end", EndRequest(request_id="r1"), result_type=dict)
        result = await stage.end()
    assert ack["accepted"]
    assert (result.finish_reason, result.by) == (R.CALL_FAILED, "operator")
    assert result.evidence["end_requested_via"] == "update"
    assert stage.script.times("hang_up") == 1


async def test_cancelling_the_workflow_ends_the_call_politely(env: WorkflowEnvironment) -> None:
    """The Web UI's cancel button hangs up, and the workflow completes with its reason."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        await stage.handle.cancel()
        result = await stage.end()
    assert result.finish_reason == R.AGENT_ENDED_CALL
    assert result.evidence["end_requested_via"] == "cancellation"


async def test_a_hangup_without_confirmation_is_asked_for(env: WorkflowEnvironment) -> None:
    """When the carrier never confirms a hangup, it is asked, and its word ends the call."""
    async with on_stage(env) as stage:
        stage.confirms_hangups = False
        stage.script.carrier_says = [
            CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="in-progress"),
            CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="completed", end=CarrierEnd.COMPLETED),
        ]
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        await stage.handle.signal("end")
        result = await stage.end()
    assert result.finish_reason == R.AGENT_ENDED_CALL
    assert stage.script.times("hang_up") == 2


async def test_a_carrier_that_never_confirms_is_asked_less_and_less_often(env: WorkflowEnvironment) -> None:
    """Twice as long each time, so that a carrier that is away does not fill the call's history."""
    async with on_stage(env) as stage:
        stage.confirms_hangups = False
        still_up = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="in-progress")
        over = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="completed", end=CarrierEnd.COMPLETED)
        stage.script.carrier_says = [still_up, still_up, still_up, over]
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        began = await stage.now()
        await stage.handle.signal("end")
        await stage.end()
        waited = await stage.now() - began
    assert stage.script.times("hang_up") == 4
    first = stage.script.plan.policy.hangup_confirmation_seconds
    assert waited >= timedelta(seconds=first * (1 + 2 + 4 + 6))


async def test_a_failure_of_ours_is_an_ending_too(env: WorkflowEnvironment) -> None:
    """What goes wrong where no rule covers it ends as unknown_error: hung up, completed, with the evidence."""
    beyond_any_clock = 1e15  # seconds that no timer can hold: a bug, as the story sees it
    async with on_stage(env, Script(plan=a_plan(ring_seconds=beyond_any_clock))) as stage:
        await stage.begin()
        await stage.tell(stage.initiated())
        result = await stage.end()
    assert (result.finish_reason, result.status) == (R.UNKNOWN_ERROR, "error")
    assert "OverflowError" in str(result.evidence["error"])
    assert stage.script.times("hang_up") == 1
