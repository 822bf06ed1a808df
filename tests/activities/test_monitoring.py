"""The watch over a conversation: what makes the carrier be asked, and what ends the watch."""

import asyncio
from datetime import UTC, datetime

import pytest
from temporalio.testing import ActivityEnvironment

from activities.conversing import Conversing
from activities.models import CarrierWord, Watch
from calls.facts import CarrierEnd
from calls.ports.call_store import Pulse
from calls.ports.carrier import CarrierCall
from calls.records import Progress
from calls.words import CallStatus
from tests.adapters.mongo.orders import new_call
from tests.fakes.call_store import FakeCallStore
from tests.fakes.carrier import FakeCarrier

CALL, CARRIER_CALL = "watched", "CA" + "1" * 32
STALE = 0.1
OVER = CarrierCall(CARRIER_CALL, "completed", CarrierEnd.COMPLETED, duration_seconds=7.0)
LIVE = CarrierCall(CARRIER_CALL, "in-progress")


class Post:
    """One watched conversation over fakes."""

    def __init__(self) -> None:
        self.store, self.carrier = FakeCallStore(), FakeCarrier()
        self.verbs = Conversing(self.store, self.carrier, pulse_stale_seconds=STALE, patience_seconds=1)
        self.watching: asyncio.Task[CarrierWord | None] | None = None

    async def begin(self) -> asyncio.Task[CarrierWord | None]:
        """A registered call, watched from now on."""
        await self.store.register(new_call(CALL))
        watch = Watch(call_id=CALL, carrier_call_id=CARRIER_CALL)
        self.watching = asyncio.ensure_future(ActivityEnvironment().run(self.verbs.monitor_conversation, watch))
        return self.watching

    async def beat(self, *, times: int) -> None:
        """Signs of life, twice as often as they grow stale."""
        for _ in range(times):
            await self.store.touch({CALL: Pulse("VX1", datetime.now(UTC))})
            await asyncio.sleep(STALE / 2)


@pytest.fixture
def post() -> Post:
    """Nobody watches yet."""
    return Post()


async def test_a_living_conversation_asks_the_carrier_nothing(post: Post) -> None:
    """However long it lasts; when its pulse stops, the carrier says what is true."""
    post.carrier.calls[CARRIER_CALL] = OVER
    watching = await post.begin()
    await post.beat(times=10)
    assert not watching.done()
    assert post.carrier.requests == []
    async with asyncio.timeout(5):
        word = await watching
    assert word is not None
    assert (word.end, word.duration_seconds) == (CarrierEnd.COMPLETED, 7.0)
    assert post.carrier.requests == [("ask", CARRIER_CALL)]


async def test_a_call_that_lives_on_in_silence_is_watched_on(post: Post) -> None:
    """A stale pulse alone ends nothing: the carrier is asked again, until it says that all is over."""
    post.carrier.calls[CARRIER_CALL] = LIVE
    watching = await post.begin()
    async with asyncio.timeout(5):
        while len(post.carrier.requests) < 2:  # noqa: ASYNC110 - the fake only remembers
            await asyncio.sleep(STALE / 5)
        assert not watching.done()
        post.carrier.calls[CARRIER_CALL] = OVER
        assert await watching is not None


async def test_a_call_that_the_carrier_never_heard_of_is_over(post: Post) -> None:
    """Nothing can be live there."""
    watching = await post.begin()
    async with asyncio.timeout(5):
        word = await watching
    assert word is not None
    assert not word.known


async def test_a_record_that_is_over_ends_the_watch(post: Post) -> None:
    """Without a question: somebody else heard of the end."""
    watching = await post.begin()
    await post.store.save_progress(CALL, Progress(revision=5, status=CallStatus.ENDED, over=True))
    async with asyncio.timeout(5):
        assert await watching is None
    assert post.carrier.requests == []


async def test_a_store_that_is_away_does_not_end_the_watch(post: Post) -> None:
    """It is looked at again when it is back."""
    post.carrier.calls[CARRIER_CALL] = OVER
    watching = await post.begin()
    post.store.is_away = True
    await asyncio.sleep(STALE * 3)
    assert not watching.done()
    post.store.is_away = False
    async with asyncio.timeout(5):
        assert await watching is not None


@pytest.mark.parametrize("is_noted", [True, False])
async def test_a_conversation_whose_end_nobody_notes_was_lost(post: Post, is_noted: bool) -> None:
    """A gateway may note it after the carrier was asked: it could not write, or stood still."""
    post.carrier.calls[CARRIER_CALL] = OVER
    watching = await post.begin()
    await post.beat(times=2)
    async with asyncio.timeout(5):
        while not post.carrier.requests:  # noqa: ASYNC110 - a fake tells nobody
            await asyncio.sleep(0.01)
        if is_noted:
            await post.store.close_pulse(CALL, datetime.now(UTC))
        word = await watching
    assert word is not None
    assert word.conversation_lost is not is_noted
