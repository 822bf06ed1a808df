"""What became of a call's webhooks, and sending them again, from the command line."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from activities.registering import Registering
from calls.limits import Capacity
from calls.notices import CallEvent, trace_id
from calls.policy import Policy
from calls.ports.delivery_store import Attempt, Notice
from gateway.orders import DialBody, order_of
from runtime.embedded.stack import EmbeddedStack
from tests.gateway.customers_server import customers_server
from tests.starter.conftest import ALICE, BOB, CALLER, Desk, Starter

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


async def a_told_call(desk: Desk) -> str:
    """A call whose end was not taken at first; its call id."""
    await desk.with_agent()
    body = {"from_number": CALLER, "to_number": ALICE, "direction": "outbound", "call_id": "told"}
    order = order_of(DialBody.model_validate(body), NOON)
    await Registering(desk.calls, desk.agents, Policy(), Capacity()).register_call(order)
    name = trace_id(order.id, CallEvent.ENDED)
    await desk.deliveries.put(Notice(name, "told", CallEvent.ENDED, "{}", NOON))
    await desk.deliveries.note_attempt(name, Attempt(NOON, "HTTP 500"))
    return "told"


async def test_the_attempts_of_a_webhook_are_shown(desk: Desk) -> None:
    """For people the last one, for programs all."""
    call_id = await a_told_call(desk)
    shown = await desk.run("webhooks", call_id)
    assert shown.code == 0
    assert all(said in shown.out for said in ("CallHandler.CallEnded", "pending", "HTTP 500"))
    (kept,) = (await desk.run("webhooks", call_id, "--json")).json["webhooks"]
    assert [one["error"] for one in kept["attempts"]] == ["HTTP 500"]


async def test_a_call_without_webhooks_says_so(desk: Desk) -> None:
    """Nothing to show is no error; a call that is unknown is one."""
    call_id = await a_told_call(desk)
    desk.deliveries.kept.clear()
    assert (await desk.run("webhooks", call_id)).out.strip() == "no webhooks"
    assert (await desk.run("webhooks", "nobody")).code == 3
    assert (await desk.run("redeliver", "nobody")).code == 3


async def test_nothing_is_sent_again_while_temporal_is_away(desk: Desk) -> None:
    """It says so, and the webhook is left as it was."""
    call_id = await a_told_call(desk)
    name = next(iter(desk.deliveries.kept))
    await desk.deliveries.give_up(name)
    away = await desk.run("redeliver", call_id)
    assert (away.code, "Temporal" in away.err) == (5, True)
    (kept,) = await desk.deliveries.of_call(call_id)
    assert kept.status == "given_up"


async def test_a_webhook_is_sent_again_over_the_whole_stack(starter: Starter, stack: EmbeddedStack) -> None:
    """To the address that the agent has now, with the body of the first time; and its second attempt is shown."""
    async with customers_server() as first, customers_server() as second:
        llm = ("--llm-url", stack.addresses.agent_llm_url)
        added = await starter("agents", "add", "--name", "Told", *llm, "--set", f"webhook_url={first.url}", "--json")
        agent = added.json["ai_agent_id"]
        watched = await starter("dial", "--from", CALLER, "--to", BOB, "--agent", agent, "--watch", "--json")
        call_id = watched.lines[-1]["call"]["call_id"]
        async with asyncio.timeout(30):
            while len(first.asked) < 2:  # noqa: ASYNC110 - posted by another process
                await asyncio.sleep(0.05)
        moved = await starter("agents", "change", agent, "--set", f"webhook_url={second.url}")
        assert moved.code == 0, moved.err
        again = await starter("redeliver", call_id, "--event", CallEvent.ENDED, "--json")
        assert (again.code, again.json) == (0, {"call_id": call_id, "redelivering": 1})
        async with asyncio.timeout(30):
            while not second.asked:  # noqa: ASYNC110 - posted by another process
                await asyncio.sleep(0.05)
        assert json.loads(second.asked[0][1]) == json.loads(first.asked[0][1])
        assert len(first.asked) == 2
        async with asyncio.timeout(20):
            while [one["attempt_count"] for one in await _kept(starter, call_id)] != [2, 1]:  # noqa: ASYNC110 - posted by another process
                await asyncio.sleep(0.05)


async def _kept(starter: Starter, call_id: str) -> list[dict[str, Any]]:
    return list((await starter("webhooks", call_id, "--json")).json["webhooks"])
