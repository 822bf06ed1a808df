"""Redials that come due outside the callee's calling hours."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from activities.models import DialOutcome, DialResult
from calls.calling_hours import CallingHours
from calls.reasons import FinishReason
from calls.redials import PendingRedial
from runtime.wiring.engine import workflow_runner
from tests.workflows.conftest import time_skipping
from tests.workflows.script import Script
from tests.workflows.stage import Stage, on_stage
from workflows.names import CALL_QUEUE, redial_workflow_id, workflow_id
from workflows.redial import Redial

NOT_DIALLED = DialOutcome(result=DialResult.REFUSED, reason=FinishReason.CALL_FAILED)
"""What the redial's own call meets, so that it is over at once: nobody here tells it anything."""
OFFICE = CallingHours(opens="08:00", closes="18:00")


@pytest.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """A server for one test: its clock stands still once a workflow has started another."""
    async with time_skipping() as its_own:
        yield its_own


async def night_falls(stage: Stage, due_in: timedelta = timedelta(minutes=1)) -> WorkflowHandle[Redial, str]:
    """A redial that comes due in a minute, of a call that had calling hours, begun by itself."""
    due = await stage.now() + due_in
    order = stage.order.model_copy(update={"call_id": f"{stage.order.call_id}.r1", "redial_number": 1})
    pending = PendingRedial(order=order, due=due, agent_name="Rita", calling_hours=OFFICE)
    return await stage.env.client.start_workflow(
        Redial.run, pending, id=redial_workflow_id(order.call_id), task_queue=CALL_QUEUE
    )


async def test_a_redial_waits_for_the_callees_hours(env: WorkflowEnvironment) -> None:
    """One that comes due on a Friday night is made on Monday, and not given up as late."""
    wait = timedelta(hours=60)
    async with on_stage(env, Script(hours_begin_in=wait, dials=[NOT_DIALLED])) as stage:
        redial = await night_falls(stage)
        begun = await stage.now()
        assert await redial.result() == f"made as call {stage.order.call_id}.r1"
        call = env.client.get_workflow_handle(workflow_id(f"{stage.order.call_id}.r1"))
        late = (await call.describe()).start_time - (begun + timedelta(minutes=1) + wait)
        history = await redial.fetch_history()
    assert abs(late) < timedelta(seconds=10)
    replayer = Replayer(workflows=[Redial], data_converter=pydantic_data_converter, workflow_runner=workflow_runner())
    await replayer.replay_workflow(history)


async def test_a_redial_that_is_late_is_not_made_whatever_the_hours(env: WorkflowEnvironment) -> None:
    """Ten hours with no worker up: the callee's hours begin now, but nobody expects the call any more."""
    async with on_stage(env, Script(hours_begin_in=timedelta(0))) as stage:
        redial = await night_falls(stage, due_in=timedelta(hours=-10))
        assert await redial.result() == "not made: it was due more than an hour ago"
    assert stage.script.times("register_call") == 0


async def test_a_worker_that_stood_still_costs_no_redial(env: WorkflowEnvironment) -> None:
    """The callee's hours could not be found at once: they are asked for again."""
    script = Script(hours_begin_in=timedelta(0), first_hours_fail=True, dials=[NOT_DIALLED])
    async with on_stage(env, script) as stage:
        redial = await night_falls(stage)
        assert await redial.result() == f"made as call {stage.order.call_id}.r1"
    assert stage.script.times("find_calling_time") == 2


async def test_no_redial_without_an_hour_for_it(env: WorkflowEnvironment) -> None:
    """A callee whose hours never come is not rung."""
    async with on_stage(env, Script(hours_begin_in=None)) as stage:
        redial = await night_falls(stage)
        assert await redial.result() == "not made: the callee's calling hours never come"
    assert stage.script.times("register_call") == 0
