"""A worker's death in the middle of a conversation: the talk goes on without it, and another worker ends it right."""

import asyncio
from typing import Any

import pytest

from adapters.mongo.database import connect
from runtime.embedded.stack import EmbeddedStack
from tests.end_to_end.customer import Customer

SLOW = "+14155550150"
SLOW_STORY: dict[str, Any] = {
    "name": "Thinks before she speaks",
    "ring_seconds": 6,
    "lines": [
        {"text": "Who is speaking, please?", "after_ms": 18_000},
        {"text": "Yes, I can make it.", "after_ms": 18_000},
        {"text": "No, that is all. Thank you.", "after_ms": 18_000},
    ],
}


def whole(said: list[dict[str, Any]], field: str) -> list[tuple[str, str]]:
    """Who said what to its end."""
    return [(one["role"], one[field].strip()) for one in said if not one.get("interrupted")]


async def test_a_dead_worker_is_not_missed(stack: EmbeddedStack, customer: Customer) -> None:
    """Kill -9 while callee and agent talk: every callback is answered, every word kept, and the end is the agent's."""
    await customer.teach(SLOW, SLOW_STORY)
    call_id = await customer.placed(SLOW, await customer.agent())
    before = await customer.talking(call_id)
    await stack.parts["worker"].kill()
    talked_on = await customer.talking(call_id, len(before["messages"]) + 2)
    assert talked_on["call_finish_reason"] is None
    await stack.parts["worker"].start()
    call = await customer.recorded(call_id)
    assert call["call_finish_reason"] == "agent_ended_call"
    (leg,) = await customer.ledger(SLOW)
    assert whole(call["messages"], "content") == whole(leg["spoken"], "text")
    refused = [sent for sent in leg["callbacks"] if sent["status"] not in (200, 204)]
    assert refused == []


async def test_a_call_is_carried_through_with_no_worker_up(stack: EmbeddedStack, customer: Customer) -> None:
    """From the ring on, nothing that the carrier asks needs a worker; the record follows when one is back."""
    await customer.teach(SLOW, {**SLOW_STORY, "hang_up_after_lines": 2.0})
    call_id = await customer.placed(SLOW, await customer.agent())
    async with asyncio.timeout(20):
        while not any(leg["ringing_at"] for leg in await customer.ledger(SLOW) if leg["ended_at"] is None):
            await asyncio.sleep(0.05)
    await stack.parts["worker"].kill()
    async with asyncio.timeout(30):
        while any(leg["ended_at"] is None for leg in await customer.ledger(SLOW)):
            await asyncio.sleep(0.1)
    await stack.parts["worker"].start()
    call = await customer.recorded(call_id)
    assert call["call_finish_reason"] == "user_ended_call"
    leg = (await customer.ledger(SLOW))[-1]
    # Of the words that the hangup itself cut off, a carrier reports nothing; all others must agree.
    assert whole(call["messages"], "content") == whole(leg["spoken"], "text")


async def _pulse(stack: EmbeddedStack, call_id: str) -> None:
    """Wait for the conversation's first pulse, which the HTTP API does not show."""
    database = connect(stack.addresses.mongodb_uri, stack.addresses.mongodb_database)
    try:
        async with asyncio.timeout(10):
            while await database.pulses.find_one({"_id": call_id}) is None:
                await asyncio.sleep(0.1)
    finally:
        database.client.close()


async def test_a_conversation_that_no_gateway_goes_on_with_is_our_failure(
    stack: EmbeddedStack, customer: Customer
) -> None:
    """The only gateway dies and stays away: the carrier hangs up, and the record does not blame the callee."""
    lines = [{"text": "Hello.", "cue": "answer"}, {"text": "I was thinking.", "delay_seconds": 600}]
    await customer.teach(SLOW, {"name": "Thinks long", "ring_seconds": 1, "lines": lines})
    call_id = await customer.placed(SLOW, await customer.agent())
    await customer.talking(call_id)
    await _pulse(stack, call_id)
    await stack.parts["gateway"].kill()
    async with asyncio.timeout(30):
        while any(leg["ended_at"] is None for leg in await customer.ledger(SLOW)):
            await asyncio.sleep(0.1)
    await stack.parts["gateway"].start()
    call = await customer.ended(call_id)
    assert call["call_finish_reason"] == "retell_service_error"
    assert (await customer.ledger(SLOW))[-1]["hung_up_by"] == "carrier"


@pytest.mark.parametrize(
    ("story", "reason", "hung_up_by"),
    [
        pytest.param(*({"name": "Never answers", "ring_seconds": 600}, "no_answer", "timeout"), marks=pytest.mark.slow),
        ({"name": "Busy after a while", "ring_seconds": 12, "outcome": "busy"}, "line_busy", "carrier"),
    ],
)
async def test_a_call_that_ends_while_all_of_ours_is_down(
    stack: EmbeddedStack, customer: Customer, story: dict[str, Any], reason: str, hung_up_by: str
) -> None:
    """Nobody hears the carrier's last word; when gateway and worker are back the carrier's own account is the truth."""
    await customer.teach(SLOW, story)
    call_id = await customer.placed(SLOW, await customer.agent(ring_timeout_seconds=5))
    async with asyncio.timeout(20):
        while not any(leg["ringing_at"] for leg in await customer.ledger(SLOW) if leg["ended_at"] is None):
            await asyncio.sleep(0.05)
    ours = [stack.parts["gateway"], stack.parts["worker"]]
    await asyncio.gather(*(part.kill() for part in ours))
    async with asyncio.timeout(30):
        while any(leg["ended_at"] is None for leg in await customer.ledger(SLOW)):
            await asyncio.sleep(0.1)
    await asyncio.gather(*(part.start() for part in ours))
    call = await customer.ended(call_id)
    assert (call["call_finish_reason"], call["call_status"]) == (reason, "error")
    assert (await customer.ledger(SLOW))[-1]["hung_up_by"] == hung_up_by
