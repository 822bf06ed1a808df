"""The sweep, on the skipped clock: what is taken up, and what is left alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.models import (
    Look,
    Suspect,
    TakeUp,
)
from tests.gateway.engine import start_engine
from tests.workflows.orphans import (
    OVER,
    SweepScript,
    said,
    swept,
    timed,
    working,
)
from workflows.names import CALL_QUEUE, SEARCH_ATTRIBUTES, workflow_id
from workflows.sweep import Sweep, Swept
from workflows.taken_up_call import TakenUpCall


async def test_a_sweep_without_suspects_is_one_step(env: WorkflowEnvironment) -> None:
    """Nothing found, nothing waited for."""
    script = SweepScript()
    assert await swept(env, script) == Swept()
    assert [name for name, _ in script.asked] == ["look_for_orphans"]


async def test_a_look_whose_worker_died_is_made_again_soon(env: WorkflowEnvironment) -> None:
    """The sweeps are one after the other: one that waited long for a dead worker would hold up all that follow."""
    script = SweepScript(workers_that_die=1)
    found, took = await timed(env, script)
    assert (found, [name for name, _ in script.asked]) == (Swept(), ["look_for_orphans"] * 2)
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
