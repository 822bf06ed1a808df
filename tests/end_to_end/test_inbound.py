"""People who call in, over the whole stack."""

import asyncio
from itertools import count

import httpx
import pytest

from runtime.embedded.stack import EmbeddedStack
from tests.end_to_end.customer import Customer

ALICE, ERIN, FRANK, GRACE, HEIDI = (f"+1415555{line}" for line in ("0101", "0105", "0106", "0107", "0108"))
NOBODY_THERE = "http://127.0.0.1:9/calls"
_lines = count(7100)


async def a_number(customer: Customer, **settings: str) -> str:
    """A new number of ours."""
    number = f"+1415555{next(_lines)}"
    answer = await customer.http.post("/v1/phone-numbers", json={"phone_number": number, **settings})
    assert answer.status_code == 201, answer.text
    return number


async def answered_number(customer: Customer) -> str:
    """A new number with an agent who answers it."""
    return await a_number(customer, inbound_ai_agent_id=await customer.agent())


@pytest.mark.parametrize(
    ("caller", "reason"), [(ALICE, "agent_ended_call"), (GRACE, "user_ended_call"), (HEIDI, "call_transferred")]
)
async def test_a_caller_talks_with_the_agent(customer: Customer, caller: str, reason: str) -> None:
    """The record is a dialled call's: reason, times, words and recording; the carrier reports the end by itself."""
    ours = await answered_number(customer)
    sid = await customer.is_called(ours, caller)
    await customer.registered(f"in-{sid}")
    call = await customer.recorded(f"in-{sid}")
    assert (call["call_finish_reason"], call["call_status"], call["direction"]) == (reason, "ended", "inbound")
    assert (call["from_number"], call["to_number"]) == (caller, ours)
    assert call["call_start_time"] is not None
    assert call["call_duration_seconds"] > 0
    leg = await customer.ledger_call(sid)
    said = [(one["role"], one["content"].strip()) for one in call["messages"] if not one.get("interrupted")]
    assert said
    assert said == [(one["role"], one["text"].strip()) for one in leg["spoken"] if not one["interrupted"]]
    assert [sent["url"].partition("#")[0] for sent in leg["callbacks"] if sent["kind"] == "status"] == [
        f"https://ringback.test/twilio/status/in-{sid}/inbound"
    ]
    listed = (await customer.http.get("/v1/calls", params={"to_number": ours})).json()
    assert [one["call_id"] for one in listed["calls"]] == [f"in-{sid}"]


async def test_an_operator_ends_a_call_that_came_in(customer: Customer) -> None:
    """Ending works as for a dialled call."""
    sid = await customer.is_called(await answered_number(customer), FRANK)
    await customer.registered(f"in-{sid}")
    await customer.talking(f"in-{sid}")
    answer = await customer.http.post(f"/v1/calls/in-{sid}/end", json={})
    assert answer.status_code in (200, 202), answer.text
    assert (await customer.ended(f"in-{sid}"))["call_finish_reason"] == "agent_ended_call"
    async with asyncio.timeout(20):
        while (leg := await customer.ledger_call(sid))["ended_at"] is None:
            await asyncio.sleep(0.1)
    assert leg["hung_up_by"] in ("api", "twiml")


async def test_a_webhook_that_is_down(customer: Customer) -> None:
    """A number without an agent turns the caller away, who hears so, and the record says whose fault it is."""
    ours = await a_number(customer, inbound_webhook_url=NOBODY_THERE)
    sid = await customer.is_called(ours, ALICE)
    await customer.registered(f"in-{sid}")
    call = await customer.ended(f"in-{sid}")
    assert (call["call_finish_reason"], call["call_status"]) == ("inbound_webhook_error", "error")
    assert call["ai_agent_id"] == ""
    async with asyncio.timeout(20):
        while (leg := await customer.ledger_call(sid))["ended_at"] is None:
            await asyncio.sleep(0.1)
    assert (leg["spoken"][0]["text"].startswith("We are sorry"), leg["hung_up_by"]) == (True, "twiml")


async def test_a_webhook_that_is_down_with_an_agent_behind_it(customer: Customer) -> None:
    """The number's own agent answers."""
    agent = await customer.agent()
    ours = await a_number(customer, inbound_ai_agent_id=agent, inbound_webhook_url=NOBODY_THERE)
    sid = await customer.is_called(ours, GRACE)
    await customer.registered(f"in-{sid}")
    call = await customer.ended(f"in-{sid}")
    assert (call["call_finish_reason"], call["ai_agent_id"]) == ("user_ended_call", agent)


async def test_a_caller_while_no_worker_is_up(stack: EmbeddedStack, customer: Customer) -> None:
    """The caller hears a sentence in time, and when a worker is back the record says what happened."""
    ours = await answered_number(customer)
    await stack.parts["worker"].kill()
    try:
        sid = await customer.is_called(ours, ALICE)
        async with asyncio.timeout(40):
            while (leg := await customer.ledger_call(sid))["ended_at"] is None:
                await asyncio.sleep(0.1)
        assert [one["text"].startswith("We are sorry") for one in leg["spoken"]] == [True]
        assert (await customer.http.get(f"/v1/calls/in-{sid}")).status_code == 404
    finally:
        await stack.parts["worker"].start()
    await customer.registered(f"in-{sid}")
    call = await customer.ended(f"in-{sid}")
    assert (call["call_finish_reason"], call["call_status"]) == ("unknown_error", "error")
    listed = (await customer.http.get("/v1/calls", params={"to_number": ours})).json()
    assert [one["call_id"] for one in listed["calls"]] == [f"in-{sid}"]


async def test_a_number_that_nobody_answers(customer: Customer) -> None:
    """The caller hears a sentence; there is no record."""
    sid = await customer.is_called("+14155557999", ALICE)
    async with asyncio.timeout(20):
        while (leg := await customer.ledger_call(sid))["ended_at"] is None:
            await asyncio.sleep(0.1)
    assert [one["text"].startswith("We are sorry") for one in leg["spoken"]] == [True]
    answer: httpx.Response = await customer.http.get(f"/v1/calls/in-{sid}")
    assert answer.status_code == 404
