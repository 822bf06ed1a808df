"""What the API and live calls do while something of ours, or the carrier, cannot take any more."""

import asyncio
from typing import Any

import httpx
import pytest

from runtime.embedded.stack import EmbeddedStack
from tests.end_to_end.customer import Customer
from tests.end_to_end.test_survival import whole

BUSY_CARRIER = ("+14155550241", "+14155550242", "+14155550243")
TALKER, REFUSED = "+14155550244", "+14155550245"
TALK: dict[str, Any] = {
    "name": "Takes her time: longer than a refusal may take",
    "ring_seconds": 2,
    "lines": [
        {"text": text, "delay_seconds": 16}
        for text in (
            "Who is speaking, please?",
            *["Wait a moment, I am looking for my calendar."] * 3,
            "Yes, I can make it.",
            "No, that is all. Thank you.",
        )
    ],
}


async def test_a_carrier_that_takes_no_more_is_asked_again(customer: Customer) -> None:
    """Calls that it answers with 429 stay registered, and each is dialled once when it takes them."""
    await customer.faults(create_too_many=1.0, only_to=list(BUSY_CARRIER))
    agent = await customer.agent()
    for number in BUSY_CARRIER:
        await customer.teach(number, {"name": "Busy", "outcome": "busy", "ring_seconds": 1, "sip_code": 486})
    call_ids = [await customer.placed(number, agent) for number in BUSY_CARRIER]
    await asyncio.sleep(2)  # the first dial is paced to come well before that; nothing tells of a refusal
    assert {(await customer.look(call_id))["call_status"] for call_id in call_ids} == {"registered"}
    await customer.faults()
    for call_id, number in zip(call_ids, BUSY_CARRIER, strict=True):
        assert (await customer.ended(call_id))["call_finish_reason"] == "line_busy"
        assert len(await customer.ledger(number)) == 1


async def _refused_in_time(customer: Customer, agent: str, call_id: str) -> httpx.Response:
    """A request while something of ours is away: it is answered before its client would give up."""
    async with asyncio.timeout(15):
        answer = await customer.dial(REFUSED, agent, call_id=call_id)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    return answer


@pytest.mark.parametrize("away", ["mongod", "temporal"])
async def test_a_live_call_does_not_need_what_is_away(stack: EmbeddedStack, customer: Customer, away: str) -> None:
    """The talk goes on, word for word; new calls are refused with 503 and never dialled."""
    await customer.teach(TALKER, TALK)
    agent = await customer.agent()
    call_id = await customer.placed(TALKER, agent)
    await customer.talking(call_id)
    await stack.parts[away].kill()
    try:
        await _refused_in_time(customer, agent, f"refused-{away}")
        (leg,) = [leg for leg in await customer.ledger(TALKER) if leg["ended_at"] is None]
        assert leg["answered_at"] is not None
    finally:
        await stack.parts[away].start()
    call = await customer.recorded(call_id)
    leg = (await customer.ledger(TALKER))[-1]
    assert call["call_finish_reason"] == "agent_ended_call"
    assert whole(call["messages"], "content") == whole(leg["spoken"], "text")
    assert await customer.ledger(REFUSED) == []
    assert (await customer.http.get(f"/v1/calls/refused-{away}")).status_code == 404
