"""The account's calls per second, with two workers on one queue: the rate is the queue's and not each worker's."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import pytest

from bench.reasons.story import SETTINGS, SPEED
from runtime.embedded.stack import EmbeddedStack, StackOptions
from tests.end_to_end.customer import Customer

pytestmark = pytest.mark.slow

CALLS_PER_SECOND = 2.0
SOMEBODY = "+14155551{:03}"


@pytest.fixture(scope="module")
async def paced(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Customer]:
    """A customer of a stack with two workers and an account that starts two calls a second."""
    pace = {"RINGBACK_DIAL_CALLS_PER_SECOND": str(CALLS_PER_SECOND), "RINGBACK_POLICY__REGISTERED_SECONDS": "60"}
    options = StackOptions(
        run_dir=tmp_path_factory.mktemp("paced"), speed=SPEED, settings={**SETTINGS, **pace}, workers=2
    )
    async with EmbeddedStack(options) as stack, Customer(stack.addresses) as customer:
        yield customer


async def placed_at_once(customer: Customer, first: int, count: int) -> list[str]:
    """Calls to numbers of their own, all asked for in one moment."""
    agent = await customer.agent()
    numbers = [SOMEBODY.format(number) for number in range(first, first + count)]
    return await asyncio.gather(*(customer.placed(number, agent) for number in numbers))


async def test_two_workers_together_keep_the_accounts_rate(paced: Customer) -> None:
    """Of twenty calls that are asked for at once the carrier is given two a second, not two a second by each worker."""
    calls = await placed_at_once(paced, 100, 20)
    for call_id in calls:
        await paced.ended(call_id)
    legs = [await paced.ledger(SOMEBODY.format(number)) for number in range(100, 120)]
    assert [len(leg) for leg in legs] == [1] * 20
    at = sorted(leg[0]["created_at"] for leg in legs)
    # Let through at 4 a second it would take 5 s; the first second's worth may come in a burst.
    assert at[-1] - at[0] >= (20 - 1 - CALLS_PER_SECOND) / CALLS_PER_SECOND - 0.5
    crowded = max(sum(first <= one < first + 3 for one in at) for first in at)
    assert crowded <= 3 * CALLS_PER_SECOND + CALLS_PER_SECOND + 1


async def test_a_call_that_waits_for_its_second_can_be_ended_at_once(paced: Customer) -> None:
    """The end does not wait for the pace, nothing rings, and the others go on."""
    calls = await placed_at_once(paced, 200, 12)
    last = calls[-1]
    asked = time.monotonic()
    answer = await paced.http.post(f"/v1/calls/{last}/end", json={})
    assert answer.is_success, answer.text
    call = await paced.ended(last)
    took = time.monotonic() - asked
    assert (call["call_finish_reason"], call["call_status"]) == ("call_failed", "error")
    assert took < 3
    for call_id in itertools.islice(calls, len(calls) - 1):
        await paced.ended(call_id)
    assert await paced.ledger(SOMEBODY.format(200 + 12 - 1)) == []
