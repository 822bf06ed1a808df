"""A phone that rings as long as phones ring, in real time: nothing is sped up here."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from runtime.embedded.stack import EmbeddedStack, StackOptions
from tests.end_to_end.customer import Customer

pytestmark = pytest.mark.slow

PATIENT, TOO_LATE = "+14155550261", "+14155550262"
RINGS_OUT_AFTER = 30
"""The policy's default; the pretend carrier adds nothing to it."""
TALK: dict[str, Any] = {"lines": [{"text": text} for text in ("Hello?", "Yes, I can make it.", "No, goodbye.")]}


@pytest.fixture
async def customer(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Customer]:
    """Somebody whose callees live at the pace of people."""
    options = StackOptions(run_dir=tmp_path_factory.mktemp("stack"), speed=1.0)
    async with EmbeddedStack(options) as stack, Customer(stack.addresses) as somebody:
        yield somebody


async def test_a_call_that_rings_almost_too_long_is_answered_and_talks(customer: Customer) -> None:
    """29 s of the default 30 are in time, 31 s are not."""
    agent = await customer.agent()
    await customer.teach(PATIENT, {"name": "Picks up at last", "ring_seconds": 29.0, **TALK})
    await customer.teach(TOO_LATE, {"name": "A second too late", "ring_seconds": RINGS_OUT_AFTER + 1.0, **TALK})
    in_time, too_late = await asyncio.gather(*(customer.placed(to, agent) for to in (PATIENT, TOO_LATE)))
    await customer.until(in_time, call_status="ongoing")
    missed = await customer.ended(too_late)
    spoken = await customer.ended(in_time)
    assert (missed["call_finish_reason"], missed["messages"]) == ("no_answer", [])
    assert spoken["call_finish_reason"] in ("agent_ended_call", "user_ended_call")
    assert {"Hello?", "Yes, I can make it."} <= {said["content"] for said in spoken["messages"]}
    [leg] = await customer.ledger(PATIENT)
    assert 29 <= leg["answered_at"] - leg["ringing_at"] < 30
    [leg] = await customer.ledger(TOO_LATE)
    assert RINGS_OUT_AFTER <= leg["ended_at"] - leg["ringing_at"] < RINGS_OUT_AFTER + 1
