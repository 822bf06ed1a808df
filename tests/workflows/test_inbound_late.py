"""Calls that came in and were not registered in time: there was a call, so there is a record."""

from datetime import UTC, datetime

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.models import CarrierWord, Registration
from calls import facts as f
from calls.agents import Voicemail
from calls.arriving import request_of_arrival
from calls.facts import CarrierEnd
from calls.model import TurnedAway
from calls.reasons import FinishReason as R
from calls.words import Party, Phase
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import Stage, a_plan, an_arrival, on_stage
from workflows.inbound_call import InboundCall
from workflows.names import CALL_QUEUE, workflow_id

TOLD = f.CallTurnedAway(
    at=datetime.now(UTC), reason=R.UNKNOWN_ERROR, by=Party.UNKNOWN, evidence={"detail": "told by the gateway"}
)


def a_script(*first: Registration) -> Script:
    """The carrier has the call no more; the first tries to register it are told so."""
    over = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="completed", end=CarrierEnd.COMPLETED)
    plan = a_plan(voicemail=Voicemail(action="ignore"), record=False)
    return Script(plan=plan, first_registrations=list(first), carrier_says=[over])


async def start(stage: Stage) -> None:
    """Start the call's workflow as a gateway does that turns the caller away."""
    stage.handle = await stage.env.client.start_workflow(
        InboundCall.run,
        stage.order,
        id=workflow_id(stage.order.call_id),
        task_queue=CALL_QUEUE,
        start_signal=TOLD.kind,
        start_signal_args=[TOLD],
    )


@pytest.mark.parametrize(
    "outcome",
    [Registration.WITHDRAWN, Registration.TOO_LATE, Registration.UNKNOWN_AGENT, Registration.NUMBER_NOT_BOUND],
)
async def test_a_call_that_was_not_registered_in_time_is_recorded(
    env: WorkflowEnvironment, outcome: Registration
) -> None:
    """Whatever kept it from being registered, the call is registered late, as one whose caller was turned away."""
    async with on_stage(env, a_script(outcome), an_arrival()) as stage:
        await stage.begin()
        result = await stage.end()
    assert (result.registration, result.finish_reason) == (Registration.CREATED, R.UNKNOWN_ERROR)
    assert (result.phase, result.evidence["detail"]) == (Phase.RINGING, "not_registered_in_time")
    [first, late] = [order for verb, order in stage.script.asked if verb == "register_call"]
    assert first == stage.order
    assert late.request_id == request_of_arrival(CARRIER_CALL, is_late=True)
    assert late.arrival.turned_away.reason is R.UNKNOWN_ERROR
    assert stage.script.saved[-1].complete
    assert stage.script.times("hang_up") == 0


async def test_the_gateways_word_is_the_records(env: WorkflowEnvironment) -> None:
    """A caller who was turned away before any worker looked is registered as such, for the gateway's reason."""
    async with on_stage(env, a_script(), an_arrival()) as stage:
        await start(stage)
        result = await stage.end()
    assert (result.finish_reason, result.evidence["detail"]) == (R.UNKNOWN_ERROR, "told by the gateway")
    assert [verb for verb, _ in stage.script.asked][:2] == ["give_up_registration", "register_call"]
    assert stage.script.times("register_call") == 1


async def test_the_webhooks_failure_stays_the_reason(env: WorkflowEnvironment) -> None:
    """A call that would have been turned away in time says late what it would have said then."""
    why = TurnedAway(reason=R.INBOUND_WEBHOOK_ERROR, by=Party.CUSTOMER, evidence={"detail": "inbound_webhook_failed"})
    async with on_stage(env, a_script(Registration.WITHDRAWN), an_arrival(why)) as stage:
        await stage.begin()
        result = await stage.end()
    assert (result.finish_reason, result.by) == (R.INBOUND_WEBHOOK_ERROR, "customer")


async def test_a_registered_call_whose_caller_was_turned_away_ends(env: WorkflowEnvironment) -> None:
    """The gateway did not learn of the registration: the story ends with what the caller was told."""
    async with on_stage(env, a_script(), an_arrival()) as stage:
        await stage.begin()
        await stage.tell(TOLD)
        await stage.until_waiting()
        await stage.wait(30)
        assert stage.script.times("hang_up") == 0, "the caller hears why"
        await stage.tell(stage.completed())
        result = await stage.end()
    assert (result.finish_reason, result.evidence["detail"]) == (R.UNKNOWN_ERROR, "told by the gateway")
    assert stage.script.times("hang_up") == 0


async def test_a_caller_who_talks_was_not_turned_away(env: WorkflowEnvironment) -> None:
    """The carrier took another gateway's answer: the conversation goes on."""
    async with on_stage(env, a_script(), an_arrival()) as stage:
        await stage.begin()
        await stage.tell(stage.started(), TOLD)
        await stage.wait(20)
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL


async def test_a_call_that_another_run_told_is_not_told_again(env: WorkflowEnvironment) -> None:
    """A call that was registered under its own order before is left alone."""
    async with on_stage(env, a_script(Registration.EXISTED), an_arrival()) as stage:
        await start(stage)
        result = await stage.end()
    assert result.registration == Registration.EXISTED
    assert stage.script.saved == []


async def test_an_order_from_before_is_told_as_before(env: WorkflowEnvironment) -> None:
    """Without the mark in its order a withdrawn call ends without a record."""
    script = a_script()
    script.registration = Registration.WITHDRAWN  # every time: the engine may have the first task done once more
    async with on_stage(env, script, an_arrival(always_recorded=False)) as stage:
        await stage.begin()
        result = await stage.end()
    assert result.registration == Registration.WITHDRAWN
    assert stage.script.saved == []
