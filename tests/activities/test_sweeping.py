"""Looking for calls without an owner, over fakes of store, engine and carrier."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.models import Look, Suspect
from activities.sweeping import Sweeping
from calls.ports.carrier import CarrierCall, CarrierError
from calls.records import Progress
from calls.words import CallStatus
from tests.adapters.mongo.orders import ALICE, CALLER, new_call
from tests.fakes.call_store import FakeCallStore
from tests.fakes.carrier import FakeCarrier
from tests.fakes.loose_ends import FakeLooseEnds
from tests.fakes.owners import FakeCallOwners

SID, STRANGER = "CA" + "1" * 32, "CA" + "9" * 32
LOOK = Look(grace_seconds=15)
LONG_AGO = datetime.now(UTC) - timedelta(minutes=5)


@dataclass
class World:
    """A store, an engine and a carrier, and the verbs over them."""

    store: FakeCallStore = field(default_factory=FakeCallStore)
    owners: FakeCallOwners = field(default_factory=FakeCallOwners)
    carrier: FakeCarrier = field(default_factory=FakeCarrier)

    @property
    def sweeping(self) -> Sweeping:
        return Sweeping(self.store, FakeLooseEnds(self.store), self.owners, self.carrier)

    async def call(self, call_id: str, *, age: timedelta = timedelta(minutes=5), **progress: object) -> None:
        """A registered call, so old."""
        await self.store.register(new_call(call_id).model_copy(update={"registered_at": datetime.now(UTC) - age}))
        state = {"status": CallStatus.ONGOING, **progress}
        await self.store.save_progress(call_id, Progress.model_validate({"revision": 1, **state}))

    def rings(self, sid: str, *, age: timedelta = timedelta(minutes=5), **more: object) -> None:
        """A carrier call that is live, so old."""
        said = CarrierCall(sid, "in-progress", to_number=ALICE, from_number=CALLER, created_at=datetime.now(UTC) - age)
        self.carrier.calls[sid] = replace(said, **more)  # type: ignore[arg-type]

    async def suspects(self) -> list[Suspect]:
        """What one look finds."""
        return list((await ActivityEnvironment().run(self.sweeping.look_for_orphans, LOOK)).suspects)

    async def confirmed(self, suspect: Suspect) -> tuple[str, str] | None:
        """How the story before ended, and the stray that is to be ended; None when all is well."""
        found = await ActivityEnvironment().run(self.sweeping.confirm_orphan, suspect)
        return (found.story, found.carrier_call_id) if found else None


@pytest.fixture
def world() -> World:
    """Nothing yet."""
    return World()


async def test_an_unfinished_call_without_a_workflow_is_suspected(world: World) -> None:
    """One that runs is not, one that is complete is not, and one that is younger than the grace is not."""
    for call_id in ("gone", "running", "done"):
        await world.call(call_id, complete=call_id == "done")
    await world.call("young", age=timedelta(seconds=5))
    world.owners.running = {"running"}
    assert await world.suspects() == [Suspect(call_id="gone")]


@pytest.mark.parametrize("look", ["first", "second"])
async def test_a_look_that_takes_long_is_known_to_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    """While it waits for the carrier or the engine it tells that its worker lives."""
    heard = asyncio.Queue[None]()
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *_: heard.put_nowait(None)

    async def slowly(*_: object) -> dict[str, str]:
        for _beat in range(2):
            await heard.get()
        return {}

    async with asyncio.timeout(20):
        if look == "first":
            monkeypatch.setattr(world.carrier, "live", slowly)
            assert not (await environment.run(world.sweeping.look_for_orphans, LOOK)).suspects
        else:
            monkeypatch.setattr(world.owners, "unowned", slowly)
            assert await environment.run(world.sweeping.confirm_orphan, Suspect(call_id="c1")) is None


async def test_an_engine_that_does_not_answer_makes_no_orphans(world: World) -> None:
    """Not to know who owns a call is no proof that nobody does."""
    await world.call("c1")
    world.owners.is_away = True
    with pytest.raises(ApplicationError, match="away"):
        await world.suspects()
    with pytest.raises(ApplicationError, match="away"):
        await world.confirmed(Suspect(call_id="c1"))


async def test_a_live_carrier_call_of_a_complete_call_is_a_stray(world: World) -> None:
    """The record says that it is over and the carrier that it is not: the phone is what counts."""
    await world.call("c1", complete=True, carrier_call_id=SID)
    world.rings(SID)
    assert await world.suspects() == [Suspect(call_id="c1", carrier_call_id=SID)]
    world.owners.ended = {"c1": "completed"}
    assert await world.confirmed(Suspect(call_id="c1", carrier_call_id=SID)) == ("completed", SID)


async def test_other_systems_carrier_calls_are_none_of_ours(world: World) -> None:
    """What no record, claim or signed callback names is left alone, however much it looks like ours."""
    await world.call("c1", complete=True, carrier_call_id=SID, end_time=datetime.now(UTC))
    world.rings(STRANGER)
    world.rings("CA" + "8" * 32, is_outbound=False)
    assert await world.suspects() == []


async def test_a_carrier_call_of_a_lost_dial_is_a_stray(world: World) -> None:
    """Its numbers and time fit the one call whose dial was taken for lost; what somebody dialled in does not."""
    await world.call("c1", complete=True, end_time=datetime.now(UTC), may_ring_late=True)
    world.rings(SID)
    assert await world.suspects() == [Suspect(call_id="c1", carrier_call_id=SID)]
    world.rings(SID, is_outbound=False)
    assert await world.suspects() == []


async def test_a_carrier_call_of_a_running_call_is_left_alone(world: World) -> None:
    """Also that of a transferred call, whose record has ended."""
    await world.call("c1", carrier_call_id=SID, status=CallStatus.ENDED, end_time=datetime.now(UTC))
    world.rings(SID)
    world.owners.running = {"c1"}
    assert await world.suspects() == []


async def test_a_carrier_call_that_just_began_is_left_alone(world: World) -> None:
    """Its record may be a moment behind it."""
    await world.call("c1", complete=True, carrier_call_id=SID)
    world.rings(SID, age=timedelta(seconds=3))
    assert await world.suspects() == []


async def test_a_carrier_that_cannot_be_asked_leaves_the_records(world: World) -> None:
    """Records without a workflow are found all the same."""
    await world.call("c1")
    world.carrier.failures["live"] = [CarrierError("429", permanent=False)]
    assert await world.suspects() == [Suspect(call_id="c1")]


async def test_the_second_look_acquits(world: World) -> None:
    """A call that has a workflow by then, or was completed, or whose stray is over, is left alone."""
    await world.call("c1", carrier_call_id=SID)
    suspect = Suspect(call_id="c1", carrier_call_id=SID)
    assert await world.confirmed(suspect) == ("lost", "")
    world.owners.running = {"c1"}
    assert await world.confirmed(suspect) is None
    world.owners.running = set()
    await world.store.save_progress("c1", Progress(revision=9, status=CallStatus.ENDED, complete=True))
    assert await world.confirmed(suspect) is None
    world.rings(SID)
    assert await world.confirmed(suspect) == ("lost", SID)
    assert await world.confirmed(Suspect(call_id="nobody")) is None


async def test_recalling(world: World) -> None:
    """What is stored comes back, without addresses that may hold secrets; an unknown call is none."""
    await world.call("c1", carrier_call_id=SID)
    await world.store.note_late("c1", "call_ringing", {"carrier_call_id": SID}, LONG_AGO)
    found = await ActivityEnvironment().run(world.sweeping.recall_call, "c1")
    assert found is not None
    assert found.stored.progress.carrier_call_id == SID
    assert (found.stored.agent.llm_websocket_url, found.stored.agent.webhook_url) == ("wss://withheld.invalid", None)
    assert [word.kind for word in found.traces.late] == ["call_ringing"]
    assert await ActivityEnvironment().run(world.sweeping.recall_call, "nobody") is None
