"""What lost stories leave behind is found in memory and in MongoDB alike."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database
from adapters.mongo.loose_ends import MongoLooseEnds
from calls.ports.call_store import CallStore, Pulse
from calls.ports.loose_ends import LooseEnds
from calls.ports.pages import StoreUnavailableError
from calls.reasons import FinishReason
from calls.records import Progress
from calls.words import CallStatus, Phase
from tests.adapters.mongo.orders import ALICE, BOB, CALLER, NOON, new_call
from tests.fakes.call_store import FakeCallStore
from tests.fakes.loose_ends import FakeLooseEnds

SIDS = [f"CA{number:032x}" for number in range(6)]
SECOND = timedelta(seconds=1)


@pytest.fixture
def loose_ends(calls: CallStore) -> LooseEnds:
    """The loose ends of that store's calls."""
    return FakeLooseEnds(calls) if isinstance(calls, FakeCallStore) else MongoLooseEnds(_database(calls))


def _database(calls: CallStore) -> Database:
    assert isinstance(calls, MongoCallStore)
    return calls._database


def lost(revision: int = 3) -> Progress:
    """The record of a call whose dial was taken for lost, a minute after it began."""
    return Progress(
        revision=revision,
        status=CallStatus.ERROR,
        over=True,
        end_time=NOON + 60 * SECOND,
        finish_reason=FinishReason.TWILIO_SERVICE_ERROR,
        phase=Phase.DIALLING,
        may_ring_late=True,
        complete=True,
    )


async def test_unfinished_records_are_those_that_are_not_complete(calls: CallStore, loose_ends: LooseEnds) -> None:
    """Ended is not complete; what is younger than asked for is left out."""
    for minute, call_id in enumerate(("old", "ended", "done", "young")):
        await calls.register(new_call(call_id, minute=minute))
    await calls.save_progress("ended", Progress(revision=1, status=CallStatus.ENDED, end_time=NOON))
    await calls.save_progress("done", Progress(revision=1, status=CallStatus.ENDED, end_time=NOON, complete=True))
    assert await loose_ends.unfinished(NOON + timedelta(minutes=2.5)) == ["old", "ended"]


async def test_traces(calls: CallStore, loose_ends: LooseEnds) -> None:
    """Claim, pulse and late words are found, the words in the order they came."""
    await calls.register(new_call("c1"))
    empty = await loose_ends.traces("c1")
    assert (empty.carrier_call_id, empty.pulse_at, empty.late) == ("", None, ())
    await calls.claim("c1", "a1", SIDS[0])
    at = NOON.replace(microsecond=0)
    await calls.touch({"c1": Pulse("VX1", at)})
    for seconds, kind in ((2, "call_completed"), (1, "call_ringing")):
        await calls.note_late("c1", kind, {"carrier_call_id": SIDS[0]}, at + seconds * SECOND)
    traces = await loose_ends.traces("c1")
    assert (traces.attempt_id, traces.carrier_call_id, traces.relay_session_id) == ("a1", SIDS[0], "VX1")
    assert traces.pulse_at == at
    assert [word.kind for word in traces.late] == ["call_ringing", "call_completed"]
    assert traces.late[0].body == {"carrier_call_id": SIDS[0]}


async def test_named(calls: CallStore, loose_ends: LooseEnds) -> None:
    """A record, a claim or a signed late word makes a carrier call ours; a transfer's leg and a stranger's are not."""
    for call_id in ("recorded", "claimed", "late", "transferred"):
        await calls.register(new_call(call_id))
    await calls.save_progress("recorded", Progress(revision=1, status=CallStatus.ONGOING, carrier_call_id=SIDS[0]))
    await calls.claim("claimed", "a1", SIDS[1])
    await calls.note_late("late", "call_ringing", {"carrier_call_id": SIDS[2]}, NOON)
    await calls.note_late("transferred", "transfer_bridged", {"carrier_call_id": SIDS[3]}, NOON)
    assert await loose_ends.named(SIDS) == {SIDS[0]: "recorded", SIDS[1]: "claimed", SIDS[2]: "late"}
    assert await loose_ends.named([SIDS[4]]) == {}


async def test_a_lost_dial_is_found_by_numbers_and_time(calls: CallStore, loose_ends: LooseEnds) -> None:
    """One call whose dial was lost can have made a carrier call of its time; of another time, or number, it cannot."""
    await calls.register(new_call("c1"))
    await calls.save_progress("c1", lost())
    found = await loose_ends.lost_dial(CALLER, ALICE, NOON + 20 * SECOND)
    assert found is not None
    assert found.order.call_id == "c1"
    assert await loose_ends.lost_dial(CALLER, BOB, NOON + 20 * SECOND) is None
    assert await loose_ends.lost_dial(CALLER, ALICE, NOON - 20 * SECOND) is None
    assert await loose_ends.lost_dial(CALLER, ALICE, NOON + 80 * SECOND) is None


async def test_a_call_that_was_never_dialled_lost_nothing(calls: CallStore, loose_ends: LooseEnds) -> None:
    """It waited for a slot, or was refused: what rings with its numbers is somebody else's."""
    await calls.register(new_call("c1"))
    await calls.save_progress("c1", lost().model_copy(update={"may_ring_late": False}))
    assert await loose_ends.lost_dial(CALLER, ALICE, NOON + 20 * SECOND) is None


async def _goes_on(calls: CallStore) -> None:
    await calls.register(new_call("c2"))


async def _lost_too(calls: CallStore) -> None:
    await calls.register(new_call("c2"))
    await calls.save_progress("c2", lost())


@pytest.mark.parametrize("rival", [_goes_on, _lost_too])
async def test_two_calls_that_can_have_made_it_are_none(
    calls: CallStore, loose_ends: LooseEnds, rival: Callable[[CallStore], object]
) -> None:
    """Which of two calls it is cannot be told, so it is taken for neither's."""
    await calls.register(new_call("c1"))
    await calls.save_progress("c1", lost())
    await rival(calls)  # type: ignore[misc]
    assert await loose_ends.lost_dial(CALLER, ALICE, NOON + 20 * SECOND) is None


async def test_a_call_with_a_carrier_call_lost_nothing(calls: CallStore, loose_ends: LooseEnds) -> None:
    """Its own carrier call is known, by record or claim: another one is somebody else's."""
    await calls.register(new_call("c1"))
    await calls.claim("c1", "a1", SIDS[0])
    await calls.save_progress("c1", lost())
    assert await loose_ends.lost_dial(CALLER, ALICE, NOON + 20 * SECOND) is None


async def test_an_absent_store_is_no_empty_one() -> None:
    """A store that does not answer raises, so that nobody takes it for one without calls."""
    ends = FakeLooseEnds(FakeCallStore(is_away=True))
    with pytest.raises(StoreUnavailableError):
        await ends.unfinished(NOON)
