"""Slots and places of calls under limits, in memory and in MongoDB alike."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from adapters.mongo.admissions import MongoAdmissions
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database
from calls.limits import Limit, LimitOf
from calls.ports.admissions import Admissions, Standing, Turn
from calls.ports.call_store import CallStore
from calls.records import Progress, TransferEntry
from calls.words import CallStatus, Direction
from tests.adapters.mongo.orders import NOON, new_call
from tests.fakes.admissions import FakeAdmissions
from tests.fakes.call_store import FakeCallStore

NOW = NOON + timedelta(minutes=2)
OVER = Progress(revision=9, status=CallStatus.ENDED, over=True, complete=True)


def account(size: int) -> Limit:
    return Limit(of=LimitOf.ACCOUNT, pool="account", size=size)


def agent(size: int) -> Limit:
    return Limit(of=LimitOf.AGENT, pool="agent:a", size=size)


CALLEE = Limit(of=LimitOf.CALLEE, pool="callee:+14155550101", size=1)


@dataclass
class House:
    """A call store and the admissions over it."""

    calls: CallStore
    admissions: Admissions

    async def register(self, call_id: str, *limits: Limit, at: datetime = NOON, inbound: bool = False) -> None:
        """Register a call under limits."""
        new = new_call(call_id)
        plan = new.plan.model_copy(update={"limits": limits})
        order = new.order
        if inbound:
            request = order.request.model_copy(update={"direction": Direction.INBOUND})
            order = order.model_copy(update={"request": request})
        await self.calls.register(new.model_copy(update={"plan": plan, "registered_at": at, "order": order}))

    async def ask(self, call_id: str, at: datetime = NOW) -> Standing:
        """Where a call stands."""
        return (await self.admissions.admit([call_id], at))[call_id]

    async def turn(self, call_id: str, at: datetime = NOW) -> Turn:
        """Whether it is a call's turn."""
        return (await self.ask(call_id, at)).turn


@pytest.fixture(params=["fake", "real"])
def house(request: pytest.FixtureRequest) -> House:
    """An empty house."""
    if request.param == "fake":
        store = FakeCallStore()
        return House(store, FakeAdmissions(store))
    database = request.getfixturevalue("mongodb")
    return House(MongoCallStore(database), MongoAdmissions(database))


async def test_a_free_slot_is_taken_and_a_full_limit_says_which(house: House) -> None:
    """Whoever fits is in at once, however often they ask; the next one waits and hears for what."""
    await house.register("a", account(1))
    await house.register("b", account(1))
    assert await house.ask("a") == await house.ask("a") == Standing(Turn.ADMITTED)
    assert await house.ask("b") == Standing(Turn.WAITING, account(1))


async def test_a_call_that_is_over_holds_nothing(house: House) -> None:
    """Nobody gives a slot back: the record says that the call is over, and that is all."""
    await house.register("a", account(1))
    await house.register("b", account(1))
    assert await house.turn("a") is Turn.ADMITTED
    await house.calls.save_progress("a", OVER)
    assert await house.turn("b") is Turn.ADMITTED
    assert await house.turn("a") is Turn.NEVER


async def test_a_transferred_call_holds_until_the_carriers_call_is_over(house: House) -> None:
    """Its record has ended, its line is still taken."""
    await house.register("a", account(1))
    await house.register("b", account(1))
    await house.turn("a")
    bridged = TransferEntry(request_id="t1", to_number="+14155550110", status="bridged")
    await house.calls.save_progress("a", Progress(revision=8, status=CallStatus.ENDED, transfer=bridged))
    assert await house.turn("b") is Turn.WAITING
    await house.calls.save_progress("a", OVER)
    assert await house.turn("b") is Turn.ADMITTED


async def test_the_first_registered_comes_in_first(house: House) -> None:
    """The order in which calls ask does not matter, and nobody who comes later overtakes whoever waits."""
    for minute, call_id in enumerate("abcd"):
        await house.register(call_id, account(1), at=NOON + timedelta(milliseconds=minute))
    assert await house.turn("a") is Turn.ADMITTED
    for call_id in "dcb":
        assert await house.turn(call_id) is Turn.WAITING
    came_in = ""
    for _ in range(3):
        await house.calls.save_progress("a" if not came_in else came_in[-1], OVER)
        standings = await house.admissions.admit(["d", "c", "b"], NOW)
        came_in += "".join(c for c, one in standings.items() if one.turn is Turn.ADMITTED and c not in came_in)
    assert came_in == "bcd"


async def test_a_call_holds_no_slot_while_it_waits_for_another_limit(house: House) -> None:
    """All or none: a call that finds the second limit full leaves the first to others."""
    await house.register("a", agent(1))
    await house.register("b", account(1), agent(1))
    await house.register("c", account(1))
    assert await house.turn("a") is Turn.ADMITTED
    assert await house.ask("b") == Standing(Turn.WAITING, agent(1))
    assert await house.turn("c") is Turn.ADMITTED


async def test_never_two_calls_to_one_callee(house: House) -> None:
    """The second waits until the first is over, whoever asks for it."""
    await house.register("a", account(10), CALLEE)
    await house.register("b", account(10), CALLEE)
    assert await house.turn("a") is Turn.ADMITTED
    assert await house.ask("b") == Standing(Turn.WAITING, CALLEE)
    await house.calls.save_progress("a", OVER)
    assert await house.turn("b") is Turn.ADMITTED


async def test_whoever_asks_lets_in_those_ahead(house: House) -> None:
    """A call that waits is let in even while nobody asks for it: its worker may be dead."""
    for number, call_id in enumerate("abc"):
        await house.register(call_id, account(1), at=NOON + timedelta(milliseconds=number))
        await house.turn(call_id)
    await house.calls.save_progress("a", OVER)
    assert await house.turn("c") is Turn.WAITING
    assert await house.ask("b") == Standing(Turn.ADMITTED)


async def test_who_ends_while_waiting_gives_the_place_back(house: House) -> None:
    """The queue closes up."""
    for number, call_id in enumerate("abc"):
        await house.register(call_id, account(1), at=NOON + timedelta(milliseconds=number))
        await house.turn(call_id)
    await house.calls.save_progress("b", OVER)
    await house.calls.save_progress("a", OVER)
    assert await house.turn("b") is Turn.NEVER
    assert await house.turn("c") is Turn.ADMITTED


async def test_a_release_takes_slot_and_place_for_good(house: House) -> None:
    """What nobody looks after any more holds nothing, however often it is released or asked for."""
    for number, call_id in enumerate("abc"):
        await house.register(call_id, account(1), at=NOON + timedelta(milliseconds=number))
        await house.turn(call_id)
    for call_id in ("a", "a", "b", "unknown"):
        await house.admissions.release(call_id)
    assert await house.turn("c") is Turn.ADMITTED
    assert {await house.turn("a"), await house.turn("b")} == {Turn.NEVER}


async def test_a_call_that_came_in_takes_a_slot(house: House) -> None:
    """It asks nobody and is never kept waiting; a dial finds room beside it or waits."""
    await house.register("in", account(1), inbound=True, at=NOW - timedelta(seconds=10))
    await house.register("out", account(1))
    assert await house.turn("out") is Turn.WAITING
    await house.calls.save_progress("in", OVER)
    assert await house.turn("out") is Turn.ADMITTED


async def test_a_changed_limit_counts_for_all_who_wait(house: House) -> None:
    """The youngest call knows the newest size."""
    for number, size in enumerate((1, 1, 1, 3)):
        await house.register(str(number), account(size), at=NOON + timedelta(milliseconds=number))
    assert await house.turn("0") is Turn.ADMITTED
    assert await house.turn("1") is Turn.WAITING
    assert await house.turn("3") is Turn.ADMITTED
    assert await house.turn("1") is Turn.ADMITTED
    assert await house.ask("2") == Standing(Turn.WAITING, account(1))


async def test_a_slot_that_nobody_can_hold_any_more_is_free(house: House) -> None:
    """A record whose workflow was terminated stays open: longer than the carrier lets a call live it counts no more."""
    await house.register("a", account(1))
    await house.register("b", account(1), at=NOON + timedelta(days=1))
    assert await house.turn("a") is Turn.ADMITTED
    assert await house.turn("b", NOON + timedelta(hours=3)) is Turn.WAITING
    assert await house.turn("b", NOON + timedelta(days=1)) is Turn.ADMITTED


async def test_a_place_that_nobody_can_want_any_more_is_passed(house: House) -> None:
    """Whoever is past the deadline for waiting, and does not ask, is not let in ahead of the living."""
    for number, call_id in enumerate("abc"):
        await house.register(call_id, account(1), at=NOON + timedelta(milliseconds=number))
    assert await house.turn("a") is Turn.ADMITTED
    assert await house.turn("b") is Turn.WAITING
    await house.calls.save_progress("a", OVER)
    assert await house.turn("c", NOON + timedelta(hours=1)) is Turn.ADMITTED


async def test_an_unknown_call_is_never_let_in(house: House) -> None:
    """A call that was not registered has no place."""
    assert await house.turn("nobody") is Turn.NEVER


async def test_two_hundred_at_once(house: House) -> None:
    """However many ask at the same moment: never more in than the limit allows, and whoever waits comes in in order."""
    ids = [f"c{number:03}" for number in range(200)]
    at = {call_id: NOON + timedelta(milliseconds=number) for number, call_id in enumerate(ids)}
    await asyncio.gather(*(house.register(call_id, account(40), at=at[call_id]) for call_id in ids))
    came_in: list[str] = []
    left: list[str] = []
    while len(came_in) < len(ids):
        waiting = [one for one in reversed(ids) if one not in left]
        now_in = await _ask_all_at_once(house, waiting, askers=6 if came_in else 40)
        came_in += sorted(now_in - set(came_in))
        assert len(came_in) - len(left) == 40
        over = came_in[len(left) :]
        await asyncio.gather(*(house.calls.save_progress(one, OVER) for one in over))
        left += over
    assert sorted(came_in) == ids
    assert came_in[40:] == sorted(came_in[40:])


async def _ask_all_at_once(house: House, call_ids: Sequence[str], askers: int) -> set[str]:
    """So many askers, each with its own adapter's memory, as so many workers have; who is in when all have asked."""
    await asyncio.gather(*(_another(house).admit(call_ids[share::askers], NOW) for share in range(askers)))
    standings = await house.admissions.admit(call_ids, NOW)
    return {one for one, standing in standings.items() if standing.turn is Turn.ADMITTED}


def _another(house: House) -> Admissions:
    """Another process's admissions over the same records."""
    database = getattr(house.calls, "_database", None)
    return house.admissions if database is None else MongoAdmissions(database)


async def test_a_decision_whose_maker_died_stands(mongodb: Database) -> None:
    """Between the gate and the records a process may die: the next one to ask finishes what was decided."""
    house = House(MongoCallStore(mongodb), MongoAdmissions(mongodb))
    await house.register("a", account(1))
    await house.register("b", account(1))
    await mongodb.gates.insert_one({"_id": "gate", "version": 1, "granted": ["a"], "at": NOW})
    assert await house.turn("b") is Turn.WAITING
    assert await house.turn("a") is Turn.ADMITTED
