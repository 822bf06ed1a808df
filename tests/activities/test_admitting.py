"""Asking for a call's turn, and waiting for it."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.admitting import Admitting
from calls.limits import Limit, LimitOf
from calls.ports.admissions import Turn
from calls.records import Progress
from calls.words import CallStatus
from tests.adapters.mongo.orders import new_call
from tests.fakes.admissions import FakeAdmissions
from tests.fakes.call_store import FakeCallStore

LIMITS = (Limit(of=LimitOf.ACCOUNT, pool="account", size=1),)
OVER = Progress(revision=9, status=CallStatus.ENDED, over=True)
LOOK = 0.01


class House:
    """The verbs over a store with so many calls under a limit of one."""

    def __init__(self) -> None:
        self.store = FakeCallStore()
        self.admissions = FakeAdmissions(self.store)
        self.verbs = Admitting(self.admissions, LOOK)

    async def register(self, calls: int) -> list[str]:
        """Register calls, in the order of their minutes."""
        ids = [f"c{number:03}" for number in range(calls)]
        for number, call_id in enumerate(ids):
            new = new_call(call_id, minute=number + 10**6)
            plan = new.plan.model_copy(update={"limits": LIMITS})
            await self.store.register(new.model_copy(update={"plan": plan}))
        return ids

    def wait(self, call_id: str) -> asyncio.Task[Turn]:
        """Wait for a call's turn, as the engine would run it."""

        async def waiting() -> Turn:
            return (await ActivityEnvironment().run(self.verbs.await_admission, call_id)).turn

        return asyncio.create_task(waiting())


async def test_a_question_is_answered_at_once() -> None:
    """In, or waiting for which limit."""
    house = House()
    first, second = await house.register(2)
    assert (await house.verbs.ask_admission(first)).turn is Turn.ADMITTED
    said = await house.verbs.ask_admission(second)
    assert (said.turn, said.limit, said.size) == (Turn.WAITING, LimitOf.ACCOUNT, 1)


async def test_a_store_that_is_away_is_no_answer() -> None:
    """The question fails, so that it is asked again."""
    house = House()
    house.store.is_away = True
    with pytest.raises(ApplicationError):
        await house.verbs.ask_admission("c1")


async def test_whoever_waits_learns_of_the_turn() -> None:
    """Each in turn, as soon as the one before is over."""
    house = House()
    ids = await house.register(4)
    waiting = [house.wait(call_id) for call_id in ids]
    for number, call_id in enumerate(ids):
        assert await waiting[number] is Turn.ADMITTED
        assert not any(one.done() for one in waiting[number + 1 :])
        await house.store.save_progress(call_id, OVER)


async def test_who_ends_while_waiting_is_not_answered() -> None:
    """The story that ended the call tells the wait to stop; an answer of its own would meet the story's last step."""
    house = House()
    first, second = await house.register(2)
    await house.verbs.ask_admission(first)
    waiting = house.wait(second)
    await asyncio.sleep(3 * LOOK)
    await house.store.save_progress(second, OVER)
    await asyncio.sleep(3 * LOOK)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_store_that_goes_away_is_waited_for() -> None:
    """The wait outlasts an outage."""
    house = House()
    (call_id,) = await house.register(1)
    house.store.is_away = True
    waiting = house.wait(call_id)
    await asyncio.sleep(3 * LOOK)
    assert not waiting.done()
    house.store.is_away = False
    assert await waiting is Turn.ADMITTED


async def test_two_hundred_that_wait_are_one_question() -> None:
    """The store is asked once for all of them at each look, and not by each of them."""
    house = House()
    ids = await house.register(201)
    await house.verbs.ask_admission(ids[0])
    house.admissions.asked = 0
    clock = asyncio.get_running_loop().time
    begun = clock()
    waiting = [house.wait(call_id) for call_id in ids[1:]]
    await asyncio.sleep(10 * LOOK)
    looks = (clock() - begun) / LOOK  # a slow machine sleeps longer
    assert 0 < house.admissions.asked <= looks + 5
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
