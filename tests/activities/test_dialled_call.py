"""Which carrier call an ambiguous dial made: the one that is nobody else's, or none where that cannot be told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.models import CarrierWord, LookUp
from activities.telephony import Telephony
from adapters.numbering.plan import NumberingPlan
from calls.ports.carrier import Dial
from calls.reasons import FinishReason
from calls.records import Progress
from calls.screening import Screening
from calls.words import CallStatus
from tests.adapters.mongo.orders import ALICE, BOB, CALLER, new_call
from tests.fakes.call_store import FakeCallStore
from tests.fakes.carrier import FakeCarrier
from tests.fakes.do_not_call_list import FakeDoNotCallList

DIAL = Dial(
    call_id="c1",
    attempt_id="a1",
    from_number=CALLER,
    to_number=ALICE,
    ring_seconds=30,
    time_limit_seconds=60,
    detect_machine=False,
    detect_message_end=False,
    machine_detection_seconds=30,
)


class World:
    """The carrier's calls to Alice, and our records of them."""

    def __init__(self) -> None:
        self.carrier, self.store = FakeCarrier(), FakeCallStore()
        self.began = self.carrier.now

    async def rings(self, to_number: str = ALICE, *, age: timedelta = timedelta(0)) -> str:
        """One more carrier call."""
        sid = await self.carrier.dial(replace(DIAL, to_number=to_number))
        self.carrier.calls[sid] = replace(self.carrier.calls[sid], created_at=self.began - age)
        return sid

    async def record(self, call_id: str, **progress: object) -> None:
        """One more record of a call to Alice."""
        await self.store.register(new_call(call_id))
        entry = {"revision": 1, "status": CallStatus.REGISTERED, **progress}
        await self.store.save_progress(call_id, Progress.model_validate(entry))

    async def found(self) -> CarrierWord | None:
        """What is found for the call c1, which was dialled when the world began."""
        telephony = Telephony(self.carrier, self.store, Screening(NumberingPlan(), FakeDoNotCallList()))
        asked = LookUp(call_id="c1", from_number=CALLER, to_number=ALICE, not_before=self.began)
        return await ActivityEnvironment().run(telephony.find_dialled_call, asked)


@pytest.fixture(name="world")
async def a_world() -> World:
    world = World()
    await world.record("c1")
    return world


async def test_the_only_one_is_it(world: World) -> None:
    """A carrier call of that pair and time, which no record names."""
    sid = await world.rings()
    await world.rings(BOB)
    await world.rings(age=timedelta(minutes=5))
    found = await world.found()
    assert found is not None
    assert (found.known, found.carrier_call_id) == (True, sid)


async def test_nothing_there_is_nothing_found(world: World) -> None:
    """The carrier has no such call, yet."""
    assert await world.found() is None


async def test_what_another_call_knows_is_not_it(world: World) -> None:
    """Two calls to Alice at once: the other one has its answer."""
    others, ours = await world.rings(), await world.rings()
    await world.record("c2", carrier_call_id=others)
    found = await world.found()
    assert found is not None
    assert found.carrier_call_id == ours


async def test_two_that_it_can_be_are_none(world: World) -> None:
    """Taking the wrong one would connect one agent's callee to another agent."""
    await world.rings()
    await world.rings()
    assert await world.found() is None


async def test_while_another_dial_is_out_nothing_is_taken(world: World) -> None:
    """The one that is there may be the other call's; once that has ended without any, it is ours."""
    sid = await world.rings()
    await world.record("c2")
    assert await world.found() is None
    ended = {"status": CallStatus.ERROR, "finish_reason": FinishReason.CALL_FAILED, "revision": 2}
    await world.store.save_progress("c2", Progress.model_validate(ended))
    found = await world.found()
    assert found is not None
    assert found.carrier_call_id == sid
