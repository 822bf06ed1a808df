"""Calls that come in, on the skipped clock."""

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.models import Adoption, CarrierWord
from calls import facts as f
from calls.agents import Voicemail
from calls.facts import CarrierEnd
from calls.model import INBOUND_ATTEMPT, TurnedAway
from calls.reasons import FinishReason as R
from calls.words import CallStatus, Party, Phase
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import TARGET, a_plan, an_arrival, on_stage
from workflows.messages import EndRequest, TransferRequest

NO_MACHINE = Voicemail(action="ignore")


def a_script(**plan: object) -> Script:
    """Rita's plan for a call that comes in."""
    return Script(plan=a_plan(voicemail=NO_MACHINE, **plan))


def said(status: str, end: CarrierEnd | None = None) -> CarrierWord:
    """The carrier's answer when asked."""
    return CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status=status, end=end)


async def test_a_caller_talks_and_hangs_up(env: WorkflowEnvironment) -> None:
    """The call is ongoing at once, nobody is dialled or checked for a machine, and the caller's hangup ends it."""
    async with on_stage(env, a_script(record=False), an_arrival()) as stage:
        await stage.begin()
        await stage.tell(stage.started())
        await stage.wait(30)
        await stage.tell(stage.completed())
        result = await stage.end()
    assert (result.finish_reason, result.status, result.by) == (R.USER_ENDED_CALL, "ended", "callee")
    for verb in ("dial", "check_answering_machine", "hang_up"):
        assert stage.script.times(verb) == 0
    statuses = list(dict.fromkeys(entry.status for entry in stage.script.saved))
    assert statuses == [CallStatus.ONGOING, CallStatus.ENDED]
    last = stage.script.saved[-1]
    assert stage.order.arrival
    assert (last.start_time, last.attempt_id) == (stage.order.arrival.at, INBOUND_ATTEMPT)
    assert last.complete
    assert last.duration_seconds is not None


async def test_the_carrier_limits_and_reports_a_call_that_came_in(env: WorkflowEnvironment) -> None:
    """Once the relay is up, and not before, the carrier is given the limit that a dial would have had."""
    async with on_stage(
        env, a_script(maximum_duration_seconds=600, time_limit_margin_seconds=30), an_arrival()
    ) as stage:
        await stage.begin()
        assert stage.script.times("adopt_call") == 0
        await stage.tell(stage.started())
        await stage.until_asked("adopt_call")
        await stage.tell(stage.completed())
        await stage.end()
    assert dict(stage.script.asked)["adopt_call"] == Adoption(
        call_id=stage.order.call_id,
        attempt_id=INBOUND_ATTEMPT,
        carrier_call_id=CARRIER_CALL,
        time_limit_seconds=630,
    )


async def test_a_call_that_cannot_be_adopted_goes_on(env: WorkflowEnvironment) -> None:
    """Our own maximum duration ends it all the same."""
    script = a_script(maximum_duration_seconds=600)
    script.broken = {"adopt_call"}
    async with on_stage(env, script, an_arrival()) as stage:
        await stage.begin()
        await stage.tell(stage.started())
        result = await stage.end()
    assert (result.finish_reason, result.evidence["timer"]) == (R.MAXIMUM_DURATION_EXCEEDED, "maximum duration")
    assert stage.script.times("hang_up") == 1


async def test_the_agent_ends_an_inbound_call(env: WorkflowEnvironment) -> None:
    """The agent's own end is the reason, although no status callback ever tells of the hangup."""
    async with on_stage(env, a_script(record=False), an_arrival()) as stage:
        stage.confirms_hangups = False
        stage.script.carrier_says = [said("completed", CarrierEnd.COMPLETED)]
        await stage.begin()
        ended = f.ConversationEnded(at=stage.moment(0), reason=R.AGENT_ENDED_CALL, by=Party.AGENT)
        await stage.tell(stage.started(), ended)
        result = await stage.end()
    assert (result.finish_reason, result.phase) == (R.AGENT_ENDED_CALL, Phase.CONVERSATION)
    assert stage.script.times("ask_carrier") == 1


async def test_an_operator_ends_an_inbound_call(env: WorkflowEnvironment) -> None:
    """Ending works as it does for a dialled call."""
    async with on_stage(env, a_script(record=False), an_arrival()) as stage:
        await stage.begin()
        await stage.tell(stage.started())
        ack = await stage.handle.execute_update("end", EndRequest(request_id="e1"))
        result = await stage.end()
    assert ack["accepted"]
    assert (result.finish_reason, result.by) == (R.AGENT_ENDED_CALL, "operator")


async def test_a_caller_is_transferred(env: WorkflowEnvironment) -> None:
    """A caller is handed over like a callee."""
    async with on_stage(env, a_script(record=False), an_arrival()) as stage:
        await stage.begin()
        await stage.tell(stage.started())
        await stage.handle.execute_update("transfer", TransferRequest(to_number=TARGET, request_id="t1"))
        await stage.until_asked("start_transfer")
        at = stage.moment(0)
        await stage.tell(f.TransferBridged(at=at, request_id="t1"), f.TransferEnded(at=at, request_id="t1"))
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.CALL_TRANSFERRED
    assert dict(stage.script.asked)["start_transfer"].attempt_id == INBOUND_ATTEMPT


async def test_the_relay_of_a_caller_never_comes_up(env: WorkflowEnvironment) -> None:
    """Without a conversation the media time-out ends the call, if the carrier still has it."""
    async with on_stage(env, a_script(record=False), an_arrival()) as stage:
        stage.script.carrier_says = [said("in-progress")]
        await stage.begin()
        result = await stage.end()
    assert result.finish_reason == R.USER_CONNECTION_FAILURE
    assert stage.script.times("adopt_call") == 0


@pytest.mark.parametrize(
    ("reason", "status", "by"),
    [(R.INBOUND_WEBHOOK_ERROR, "error", Party.CUSTOMER), (R.CALL_FAILED, "error", Party.CUSTOMER)],
)
async def test_a_caller_is_turned_away(env: WorkflowEnvironment, reason: R, status: str, by: Party) -> None:
    """The reason is recorded at once; the message is not cut off, and the carrier is asked whether it is over."""
    order = an_arrival(TurnedAway(reason=reason, by=by, evidence={"detail": "no agent"}))
    async with on_stage(env, a_script(record=False), order) as stage:
        stage.script.carrier_says = [said("completed", CarrierEnd.COMPLETED)]
        await stage.begin()
        result = await stage.end()
    assert (result.finish_reason, result.status, result.by) == (reason, status, by)
    assert (result.phase, result.evidence["detail"]) == (Phase.RINGING, "no agent")
    assert stage.script.times("hang_up") == 0
    assert stage.script.times("ask_carrier") == 1
    assert stage.script.saved[0].finish_reason is reason


async def test_a_message_that_never_ends_is_hung_up(env: WorkflowEnvironment) -> None:
    """A carrier call that is still up a minute after the caller was turned away is hung up."""
    order = an_arrival(TurnedAway(reason=R.INBOUND_WEBHOOK_ERROR, by=Party.CUSTOMER))
    async with on_stage(env, a_script(record=False), order) as stage:
        stage.script.carrier_says = [said("in-progress")]
        await stage.begin()
        result = await stage.end()
    assert result.finish_reason == R.INBOUND_WEBHOOK_ERROR
    assert stage.script.times("hang_up") == 1
