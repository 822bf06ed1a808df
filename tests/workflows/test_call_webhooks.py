"""Webhooks on a skipped clock: in order, for a day each, and for no call that wants none."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from runtime.wiring.engine import workflow_runner
from tests.workflows.script import Script
from tests.workflows.stage import a_plan, on_stage
from workflows.call_webhooks import CallWebhooks, EngineCourier, webhooks_id
from workflows.names import CALL_QUEUE, WEBHOOK_QUEUE
from workflows.outbound_call import OutboundCall

DAY = timedelta(hours=24)
_STEPS = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
    EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
}
"""What telling a customer could have cost; tasks and markers of local writes differ from run to run anyway."""


@dataclass
class Receiver:
    """Activities of the real ones' names, over a list of what waits; `down` counts the failures still to come."""

    env: WorkflowEnvironment
    waiting: list[str] = field(default_factory=list)
    down: int = 0
    tries: list[tuple[str, datetime]] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    @activity.defn
    async def deliver_next_webhook(self, call_id: str) -> str:
        if not self.waiting:
            return ""
        self.tries.append((self.waiting[0], await self.env.get_current_time()))
        if self.down:
            self.down -= 1
            raise ApplicationError(f"{self.waiting[0]} was not taken: HTTP 500", type="NotTaken")
        return self.waiting.pop(0)

    @activity.defn
    async def give_up_webhook(self, call_id: str) -> str:
        self.given_up.append(self.waiting[0])
        return self.waiting.pop(0)


@asynccontextmanager
async def delivering(receiver: Receiver) -> AsyncIterator[str]:
    """A worker for one call's deliveries; the call's id."""
    client = receiver.env.client
    async with (
        Worker(
            client,
            task_queue=CALL_QUEUE,
            workflows=[CallWebhooks],
            activities=[receiver.give_up_webhook],
            workflow_runner=workflow_runner(),
        ),
        Worker(client, task_queue=WEBHOOK_QUEUE, activities=[receiver.deliver_next_webhook]),
    ):
        yield f"c-{uuid4().hex[:12]}"


def a_replayer() -> Replayer:
    """Takes up calls and deliveries as another worker would."""
    return Replayer(
        workflows=[CallWebhooks, OutboundCall],
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(),
    )


async def settled(receiver: Receiver, call_id: str) -> list[str]:
    """The result of the deliveries. The clock is skipped by sleeping: only the handle of a start would skip it."""
    handle = deliveries_of(receiver, call_id)
    while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
        await receiver.env.sleep(timedelta(minutes=5))
    return await handle.result()


def deliveries_of(receiver: Receiver, call_id: str) -> WorkflowHandle[Any, list[str]]:
    return receiver.env.client.get_workflow_handle_for(CallWebhooks.run, webhooks_id(call_id))


async def test_webhooks_are_delivered_in_order(env: WorkflowEnvironment) -> None:
    """What waits is settled one after the other; the workflow ends, and a later webhook begins another one."""
    receiver = Receiver(env, ["started", "ended"])
    async with delivering(receiver) as call_id:
        courier = EngineCourier(env.client)
        await courier.fetch(call_id)
        assert await settled(receiver, call_id) == ["started", "ended"]
        receiver.waiting = ["complete"]
        await courier.fetch(call_id)
        assert await settled(receiver, call_id) == ["complete"]


async def test_a_receiver_may_be_down_for_a_day(env: WorkflowEnvironment) -> None:
    """It is tried all day long, ever more seldom and at least every ten minutes, and the order holds."""
    receiver = Receiver(env, ["started", "ended"], down=145)
    async with delivering(receiver) as call_id:
        await EngineCourier(env.client).fetch(call_id)
        assert await settled(receiver, call_id) == ["started", "ended"]
    assert [event for event, _ in receiver.tries] == ["started"] * 146 + ["ended"]
    moments = [at for _, at in receiver.tries]
    assert moments[145] - moments[0] > timedelta(hours=22)
    assert max(later - earlier for earlier, later in pairwise(moments)) < timedelta(minutes=11)


async def test_after_more_than_a_day_the_next_one_gets_its_turn(env: WorkflowEnvironment) -> None:
    """Given up is only the one that could not be delivered, and not before its day is over."""
    receiver = Receiver(env, ["started", "ended"], down=10_000)
    async with delivering(receiver) as call_id:
        began = await env.get_current_time()
        await EngineCourier(env.client).fetch(call_id)
        while not receiver.given_up:
            await env.sleep(timedelta(hours=1))
        assert await env.get_current_time() - began > DAY
        receiver.down = 0
        assert await settled(receiver, call_id) == ["started", "ended"]
    assert receiver.given_up == ["started"]


async def test_what_comes_while_the_receiver_is_down_waits_its_turn(env: WorkflowEnvironment) -> None:
    """Whoever is sent for twice delivers everything, and replays."""
    receiver = Receiver(env, ["started"], down=5)
    async with delivering(receiver) as call_id:
        courier = EngineCourier(env.client)
        await courier.fetch(call_id)
        receiver.waiting.append("ended")
        await courier.fetch(call_id)
        handle = deliveries_of(receiver, call_id)
        assert await settled(receiver, call_id) == ["started", "ended"]
        history = await handle.fetch_history()
    await a_replayer().replay_workflow(history)


async def test_a_hurry_ends_the_pause(env: WorkflowEnvironment) -> None:
    """When the receiver is mended, a redelivery need not wait for the next attempt; nothing is given up by it."""
    receiver = Receiver(env, ["started", "ended"], down=8)
    async with delivering(receiver) as call_id:
        courier = EngineCourier(env.client)
        await courier.fetch(call_id)
        while receiver.down:
            await env.sleep(timedelta(minutes=1))
        receiver.down = 1  # the pause is more than four minutes now
        failed_at = await env.get_current_time()
        for tries in (9, 10):
            await courier.fetch(call_id, at_once=True)
            while len(receiver.tries) < tries:
                await env.sleep(timedelta(milliseconds=100))
        handle = deliveries_of(receiver, call_id)
        assert await handle.result() == ["started", "ended"]
        assert await env.get_current_time() - failed_at < timedelta(seconds=60)
        history = await handle.fetch_history()
    assert receiver.given_up == []
    await a_replayer().replay_workflow(history)


async def test_only_calls_with_a_webhook_are_announced(env: WorkflowEnvironment) -> None:
    """The record's own writes carry the wish; a call without one has the history that it always had."""
    steps = {}
    for wanted in (False, True):
        async with on_stage(env, Script(plan=a_plan(webhooks=wanted))) as stage:
            await stage.begin()
            await stage.tell(stage.answered(), stage.started())
            await stage.until_asked("monitor_conversation")
            await stage.tell(stage.completed())
            await stage.end()
            history = await stage.handle.fetch_history()
            assert set(stage.script.announced) == {wanted}
            assert stage.script.saved[-1].complete
        steps[wanted] = Counter(event.event_type for event in history.events if event.event_type in _STEPS)
        await a_replayer().replay_workflow(history)
    assert steps[True] == steps[False]
