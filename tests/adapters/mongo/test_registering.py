"""Registering and withdrawing calls, in memory and in MongoDB alike."""

import asyncio

import pytest

from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database
from calls.ports.call_store import CallStore, RegisterOutcome
from calls.words import CallStatus
from tests.adapters.mongo.orders import NOON, new_call


async def test_a_registered_call_can_be_found(calls: CallStore) -> None:
    """A registered call comes back whole, by its call id and by its own id."""
    new = new_call("c1")
    result = await calls.register(new)
    assert result.outcome is RegisterOutcome.CREATED
    found = await calls.find("c1")
    assert found == result.stored == await calls.find(new.order.id)
    assert found is not None
    assert (found.order, found.agent, found.plan) == (new.order, new.agent, new.plan)
    assert found.progress.revision == 0
    assert found.progress.status is CallStatus.REGISTERED
    assert found.registered_at == new.registered_at.replace(microsecond=123000)
    assert await calls.find("c2") is None
    assert await calls.find("f" * 24) is None


async def test_what_bson_cannot_hold_comes_back_exactly(calls: CallStore) -> None:
    """Metadata with dollar signs, dots, huge integers, lone surrogates and nulls survives unchanged."""
    awkward = {"$set": {"a.b": [2**200, -0.5, None, True]}, "": "\ud800 \x00", "nested": {"_id": {"$oid": "x"}}}
    new = new_call("c1", metadata=awkward, pia_llm_dynamic_data={"$where": awkward})
    await calls.register(new)
    found = await calls.find("c1")
    assert found is not None
    assert found.order == new.order


async def test_the_same_request_again_is_no_new_call(calls: CallStore) -> None:
    """A repeated request, or another one with the same content, gets the call that exists."""
    first = await calls.register(new_call("c1"))
    for again in (new_call("c1", sha256="changed meanwhile"), new_call("c1", request_id="another")):
        result = await calls.register(again)
        assert result.outcome is RegisterOutcome.EXISTED
        assert result.stored == first.stored


async def test_another_request_for_the_call_id_is_a_conflict(calls: CallStore) -> None:
    """A request with other content gets the call that is in its way; it was not registered and may be withdrawn."""
    first = await calls.register(new_call("c1"))
    result = await calls.register(new_call("c1", request_id="another", sha256="different"))
    assert result.outcome is RegisterOutcome.CONFLICT
    assert result.stored == first.stored
    assert await calls.withdraw("another", NOON)


async def test_a_withdrawn_request_is_never_registered(calls: CallStore) -> None:
    """Whoever gave a request up can rely on it: registering it later does nothing."""
    assert await calls.withdraw("r1", NOON)
    assert await calls.withdraw("r1", NOON)
    result = await calls.register(new_call("c1", request_id="r1"))
    assert result.outcome is RegisterOutcome.WITHDRAWN
    assert result.stored is None
    assert await calls.find("c1") is None


async def test_a_registered_request_cannot_be_withdrawn(calls: CallStore) -> None:
    """Withdrawing what was registered says so, and changes nothing."""
    await calls.register(new_call("c1", request_id="r1"))
    assert not await calls.withdraw("r1", NOON)
    again = await calls.register(new_call("c1", request_id="r1"))
    assert again.outcome is RegisterOutcome.EXISTED


@pytest.mark.parametrize("racers", [8])
async def test_of_many_at_once_one_creates_the_call(calls: CallStore, racers: int) -> None:
    """Different requests for one call id at the same moment: one is created, the others conflict with it."""
    wishes = [new_call("c1", request_id=f"r{n}", sha256=f"d{n}") for n in range(racers)]
    results = await asyncio.gather(*(calls.register(wish) for wish in wishes))
    outcomes = [result.outcome for result in results]
    assert outcomes.count(RegisterOutcome.CREATED) == 1
    assert outcomes.count(RegisterOutcome.CONFLICT) == racers - 1
    assert {result.stored.order.id for result in results if result.stored} == {
        wish.order.id for wish, outcome in zip(wishes, outcomes, strict=True) if outcome is RegisterOutcome.CREATED
    }


class DiedError(Exception):
    """The process, in mid-registration."""


@pytest.fixture
async def broken_off(mongodb: Database, monkeypatch: pytest.MonkeyPatch) -> MongoCallStore:
    """A store in which the registration of r1, for c1, got as far as its first write."""
    store = MongoCallStore(mongodb)

    async def die(_: object) -> None:
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(store, "_insert", die)
        with pytest.raises(DiedError):
            await store.register(new_call("c1", request_id="r1"))
    assert await store.find("c1") is None
    return store


async def test_a_registration_that_broke_off_is_carried_through(broken_off: MongoCallStore, mongodb: Database) -> None:
    """Whoever would withdraw it is told that it stands, and finds the call; so does whoever began it."""
    assert not await broken_off.withdraw("r1", NOON)
    found = await broken_off.find("c1")
    assert found is not None
    assert (found.order.request_id, found.plan) == ("r1", new_call("c1").plan)
    again = await broken_off.register(new_call("c1", request_id="r1"))
    assert (again.outcome, again.stored) == (RegisterOutcome.EXISTED, found)
    assert await mongodb.registrations.find_one({"_id": "r1", "call": {"$exists": True}}) is None


async def test_a_registration_that_broke_off_and_lost_its_call_id_is_withdrawn(broken_off: MongoCallStore) -> None:
    """Another request took the call id meanwhile: then there is nothing to carry through."""
    other = await broken_off.register(new_call("c1", request_id="r2", sha256="different"))
    assert other.outcome is RegisterOutcome.CREATED
    assert await broken_off.withdraw("r1", NOON)
    assert await broken_off.find("c1") == other.stored


async def test_registering_and_withdrawing_at_once_agree(calls: CallStore) -> None:
    """Of a registration and a withdrawal at the same moment exactly one wins, and both sides are told the same."""
    for n in range(20):
        new = new_call(f"c{n}")
        registered, withdrawn = await asyncio.gather(calls.register(new), calls.withdraw(new.order.request_id, NOON))
        assert withdrawn == (registered.outcome is RegisterOutcome.WITHDRAWN)
        assert (await calls.find(f"c{n}") is None) == withdrawn


async def test_a_registration_cut_short_can_be_repeated(mongodb: Database) -> None:
    """A process that died between the fence and the call leaves nothing in the way of the next attempt."""
    new = new_call("c1")
    await mongodb.registrations.insert_one({"_id": new.order.request_id, "outcome": "registered", "at": NOON})
    result = await MongoCallStore(mongodb).register(new)
    assert result.outcome is RegisterOutcome.CREATED
