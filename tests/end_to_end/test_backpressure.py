"""What the API and live calls do while something of ours, or the carrier, cannot take any more."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from runtime.embedded.part import Part
from runtime.embedded.stack import EmbeddedStack
from tests.end_to_end.customer import Customer
from tests.end_to_end.test_survival import whole

BUSY_CARRIER = ("+14155550241", "+14155550242", "+14155550243")
TALKER = "+14155550244"
BUSY: dict[str, Any] = {"name": "Busy", "outcome": "busy", "ring_seconds": 1, "sip_code": 486}
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
    """Calls that it answers with 429 stay registered, each is dialled once when it takes them, and others talk on."""
    agent = await customer.agent()
    await customer.teach(TALKER, TALK)
    live = await customer.placed(TALKER, agent)
    await customer.talking(live)
    await customer.faults(create_too_many=1.0, only_to=list(BUSY_CARRIER))
    for number in BUSY_CARRIER:
        await customer.teach(number, BUSY)
    call_ids = [await customer.placed(number, agent) for number in BUSY_CARRIER]
    await customer.refused_by_carrier("create_too_many", times=len(call_ids))
    assert {(await customer.look(call_id))["call_status"] for call_id in call_ids} == {"registered"}
    await customer.faults()
    for call_id, number in zip(call_ids, BUSY_CARRIER, strict=True):
        assert (await customer.ended(call_id))["call_finish_reason"] == "line_busy"
        assert len(await customer.ledger(number)) == 1
    call = await customer.recorded(live)
    assert call["call_finish_reason"] == "agent_ended_call"
    assert whole(call["messages"], "content") == whole((await customer.ledger(TALKER))[-1]["spoken"], "text")


async def _refused_in_time(customer: Customer, number: str, agent: str, call_id: str) -> httpx.Response:
    """A request while something of ours is away: it is answered before its client would give up."""
    async with asyncio.timeout(15):
        answer = await customer.dial(number, agent, call_id=call_id)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    return answer


@asynccontextmanager
async def killed(part: Part) -> AsyncIterator[None]:
    """It is gone, and comes back."""
    await part.kill()
    try:
        yield
    finally:
        await part.start()


@asynccontextmanager
async def standing_still(part: Part) -> AsyncIterator[None]:
    """Its connections are open and nothing comes over them: as slow as can be."""
    assert part.pid is not None
    os.kill(part.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(part.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("away", "how", "number"),
    [
        pytest.param("mongod", killed, "+14155550245", marks=pytest.mark.slow),
        ("mongod", standing_still, "+14155550246"),
        ("temporal", killed, "+14155550247"),
        pytest.param("temporal", standing_still, "+14155550248", marks=pytest.mark.slow),
    ],
)
async def test_a_live_call_does_not_need_what_is_away(
    stack: EmbeddedStack,
    customer: Customer,
    away: str,
    how: Callable[[Part], AbstractAsyncContextManager[None]],
    number: str,
) -> None:
    """The talk goes on, word for word; new calls are refused with 503, never dialled, and taken when it is back."""
    refused = f"refused-{away}-{how.__name__}"
    await customer.teach(TALKER, TALK)
    await customer.teach(number, BUSY)
    agent = await customer.agent()
    call_id = await customer.placed(TALKER, agent)
    await customer.talking(call_id)
    async with how(stack.parts[away]):
        await _refused_in_time(customer, number, agent, refused)
        (leg,) = [leg for leg in await customer.ledger(TALKER) if leg["ended_at"] is None]
        assert leg["answered_at"] is not None
    call = await customer.recorded(call_id)
    leg = (await customer.ledger(TALKER))[-1]
    assert call["call_finish_reason"] == "agent_ended_call"
    assert whole(call["messages"], "content") == whole(leg["spoken"], "text")
    assert await customer.ledger(number) == []
    assert (await customer.http.get(f"/v1/calls/{refused}")).status_code == 404
    await customer.placed(number, agent, call_id=refused)
    assert (await customer.ended(refused))["call_finish_reason"] == "line_busy"
    assert len(await customer.ledger(number)) == 1
