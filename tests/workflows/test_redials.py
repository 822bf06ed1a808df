"""Redials: what follows a call that could not be brought about, and what stops it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import CancelledError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from activities.models import Registration
from calls.calling_hours import CallingHours
from calls.model import CallOrder
from calls.reasons import FinishReason as R
from calls.redial_policy import RedialPolicy
from calls.redials import PendingRedial
from runtime.wiring.engine import workflow_runner
from tests.workflows.conftest import time_skipping
from tests.workflows.script import Script
from tests.workflows.stage import Stage, a_plan, an_order, on_stage
from workflows.live_call import CallResult
from workflows.messages import EndRequest
from workflows.names import redial_workflow_id, workflow_id
from workflows.outbound_call import OutboundCall
from workflows.redial import Redial

OFFICE = CallingHours(opens="08:00", closes="18:00")


@pytest.fixture(scope="module")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """A server of these stories: its clock stands still once a workflow has started another, and is not skipped."""
    async with time_skipping() as own:
        yield own


def with_redial(policy: RedialPolicy | None = None) -> CallOrder:
    order = an_order()
    wish = policy or RedialPolicy(max_redials=2, backoff_seconds=1, backoff_factor=1)
    return order.model_copy(update={"request": order.request.model_copy(update={"redial": wish})})


async def is_busy(stage: Stage, number: int = 0) -> None:
    """The callee of the first call, or of the redial of this number, is busy.

    Told when the dial has its answer: one that is cancelled while it returns holds the test server's clock.
    """
    await stage.until_asked("dial", number + 1)
    over = stage.completed("busy", 486)
    call = stage.handle if number == 0 else redialled(stage, number)
    async with asyncio.timeout(10):
        while (await call.describe()).raw_description.pending_activities:  # noqa: ASYNC110 - the engine tells nobody
            await asyncio.sleep(0.01)
    await call.signal(over.kind, over)


def redialled(stage: Stage, number: int) -> WorkflowHandle[OutboundCall, CallResult]:
    """The call that a redial is."""
    call_id = f"{stage.order.call_id}.r{number}"
    return stage.env.client.get_workflow_handle_for(OutboundCall.run, workflow_id(call_id))


def waiting(stage: Stage, number: int) -> WorkflowHandle[Redial, str]:
    """The workflow in which a redial waits."""
    call_id = f"{stage.order.call_id}.r{number}"
    return stage.env.client.get_workflow_handle_for(Redial.run, redial_workflow_id(call_id))


async def ends(stage: Stage, call: WorkflowHandle[OutboundCall, CallResult] | None = None) -> CallResult:
    """A call's result, without skipping the wait of the redial after it."""
    with stage.env.auto_time_skipping_disabled():
        return await (call or stage.handle).result()


async def comes_due(stage: Stage, number: int) -> str:
    """What became of a redial once its time has come."""
    with stage.env.auto_time_skipping_disabled():
        return await waiting(stage, number).result()


async def due(stage: Stage, number: int) -> datetime:
    """When a redial is due, as the workflow in which it waits was told."""
    began = (await waiting(stage, number).fetch_history()).events[0].workflow_execution_started_event_attributes
    (pending,) = await pydantic_data_converter.decode(began.input.payloads, [PendingRedial])
    at: datetime = pending.due
    return at


async def follows(stage: Stage, number: int) -> bool:
    """Whether anything was begun for the redial of this number."""
    try:
        await waiting(stage, number).describe()
    except RPCError:
        return False
    return True


async def test_busy_then_answered(env: WorkflowEnvironment) -> None:
    """The first call ends as busy at once; after the back-off a new call is registered and answered."""
    async with on_stage(env, Script(plan=a_plan(record=False)), order=with_redial()) as stage:
        await stage.begin()
        await is_busy(stage)
        first = await ends(stage)
        assert await comes_due(stage, 1) == f"made as call {stage.order.call_id}.r1"
        await stage.until_asked("dial", 2)
        again = redialled(stage, 1)
        late = (await again.describe()).start_time - await due(stage, 1)
        assert late >= timedelta(milliseconds=-1)  # the engine rounds
        for fact in (stage.answered(), stage.started(), stage.completed()):
            await again.signal(fact.kind, fact)
        second = await ends(stage, again)
        histories = [await handle.fetch_history() for handle in (stage.handle, waiting(stage, 1), again)]
        assert not await follows(stage, 2)
    assert (first.finish_reason, second.finish_reason) == (R.LINE_BUSY, R.USER_ENDED_CALL)
    orders = [order for verb, order in stage.script.asked if verb == "register_call"]
    assert [(order.redial_of, order.redial_number) for order in orders] == [(None, None), (stage.order.call_id, 1)]
    replayer = Replayer(
        workflows=[OutboundCall, Redial], data_converter=pydantic_data_converter, workflow_runner=workflow_runner()
    )
    for history in histories:
        await replayer.replay_workflow(history)


async def test_a_call_hands_its_hours_to_its_redial(env: WorkflowEnvironment) -> None:
    """They are asked for when the redial is due; within them it is made at once."""
    script = Script(plan=a_plan(calling_hours=OFFICE))
    once = RedialPolicy(max_redials=1, backoff_seconds=1)
    async with on_stage(env, script, order=with_redial(once)) as stage:
        await stage.begin()
        await is_busy(stage)
        await ends(stage)
        assert await comes_due(stage, 1) == f"made as call {stage.order.call_id}.r1"
        await is_busy(stage, 1)
        await ends(stage, redialled(stage, 1))
    (wish,) = [wish for verb, wish in script.asked if verb == "find_calling_time"]
    assert (wish.to_number, wish.hours) == (stage.order.request.to_number, OFFICE)


async def test_no_more_redials_than_asked_for(env: WorkflowEnvironment) -> None:
    """Busy each time: the last redial is followed by none."""
    async with on_stage(env, order=with_redial()) as stage:
        await stage.begin()
        await is_busy(stage)
        await ends(stage)
        for number in (1, 2):
            await comes_due(stage, number)
            await is_busy(stage, number)
            assert (await ends(stage, redialled(stage, number))).finish_reason == R.LINE_BUSY
        assert not await follows(stage, 3)
    assert stage.script.times("dial") == 3


async def test_a_redial_that_is_cancelled_while_it_waits(env: WorkflowEnvironment) -> None:
    """Temporal's own cancellation is enough: no second call is registered."""
    async with on_stage(env, order=with_redial(RedialPolicy())) as stage:
        await stage.begin()
        await is_busy(stage)
        await ends(stage)
        await waiting(stage, 1).cancel()
        with pytest.raises(WorkflowFailureError) as failed:
            await waiting(stage, 1).result()
    assert isinstance(failed.value.cause, CancelledError)
    assert stage.script.times("register_call") == 1


async def test_a_redial_that_was_withdrawn_dials_nobody(env: WorkflowEnvironment) -> None:
    """The store's word at the registration is final, and nothing follows."""
    async with on_stage(env, order=with_redial()) as stage:
        await stage.begin()
        await is_busy(stage)
        await ends(stage)
        stage.script.registration = Registration.WITHDRAWN
        await comes_due(stage, 1)
        assert (await ends(stage, redialled(stage, 1))).registration is Registration.WITHDRAWN
        assert not await follows(stage, 2)
    assert stage.script.times("dial") == 1


async def test_no_redial_after_an_end_request(env: WorkflowEnvironment) -> None:
    """Even where the line turns out to be busy, and busy was named."""
    async with on_stage(env, order=with_redial()) as stage:
        stage.confirms_hangups = False
        await stage.begin()
        await stage.until_asked("dial")
        await stage.tell(stage.ringing())
        await stage.handle.execute_update(OutboundCall.end, EndRequest(request_id="e1"))
        await stage.tell(stage.completed("busy", 486))
        await ends(stage)
        assert not await follows(stage, 1)


async def test_a_call_without_the_wish_has_no_event_more(env: WorkflowEnvironment) -> None:
    """Off by default, at no cost."""
    async with on_stage(env) as stage:
        await stage.begin()
        await is_busy(stage)
        await ends(stage)
        kinds = {str(event.WhichOneof("attributes")) for event in (await stage.handle.fetch_history()).events}
        assert not await follows(stage, 1)
    assert not [kind for kind in kinds if "child" in kind]
