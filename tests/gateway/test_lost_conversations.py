"""A conversation that nobody could go on with is our failure, and no hangup of the callee's."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from calls.facts import CallCompleted, CarrierEnd
from calls.ports.call_store import Pulse
from gateway.callbacks.lost_conversations import LostConversations
from tests.fakes.call_store import FakeCallStore

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIVED = {"call-1": Pulse("VX1", NOON)}


@pytest.fixture
def calls() -> FakeCallStore:
    """A store."""
    return FakeCallStore()


def completed(status: CarrierEnd = CarrierEnd.COMPLETED) -> CallCompleted:
    """The carrier says that the call is over."""
    return CallCompleted(at=NOON, carrier_call_id="CA1", attempt_id="a", carrier_status=status)


async def is_lost(calls: FakeCallStore, fact: CallCompleted | None = None) -> bool:
    """What is found, with little patience."""
    looked = await LostConversations(calls, patience_seconds=0.02, look_every=0.01).look("call-1", fact or completed())
    return looked.conversation_lost


async def test_an_end_that_nobody_was_told_of(calls: FakeCallStore) -> None:
    """A conversation that lived, and whose end no gateway heard of, was lost."""
    await calls.touch(LIVED)
    assert await is_lost(calls)


async def test_an_end_that_the_carrier_told(calls: FakeCallStore) -> None:
    """The carrier said that the relay is over with its call: the callee hung up."""
    await calls.touch(LIVED)
    await LostConversations(calls).note_end("call-1", NOON + timedelta(seconds=1))
    assert not await is_lost(calls)


async def test_an_end_that_is_told_a_moment_later(calls: FakeCallStore) -> None:
    """The report of the call may overtake that of its relay."""
    await calls.touch(LIVED)
    looking = asyncio.create_task(
        LostConversations(calls, patience_seconds=5, look_every=0.01).look("call-1", completed())
    )
    await asyncio.sleep(0)
    await LostConversations(calls).note_end("call-1", NOON + timedelta(seconds=1))
    assert not (await looking).conversation_lost


async def test_what_never_talked_cannot_be_lost(calls: FakeCallStore) -> None:
    """A call without a sign of life, or one that was busy, is as the carrier says."""
    assert not await is_lost(calls)
    await calls.touch(LIVED)
    assert not await is_lost(calls, completed(CarrierEnd.BUSY))


async def test_a_store_that_is_away_accuses_nobody(calls: FakeCallStore) -> None:
    """Without knowledge the carrier's word stands, and an end that cannot be noted stops nothing."""
    await calls.touch(LIVED)
    calls.is_away = True
    await LostConversations(calls).note_end("call-1", NOON)
    assert not await is_lost(calls)


async def test_an_end_is_noted_when_the_store_is_back(calls: FakeCallStore) -> None:
    """The carrier says it only once; until then it is waited for before anybody is accused."""
    await calls.touch(LIVED)
    conversations = LostConversations(calls, patience_seconds=5, look_every=0.01)
    calls.is_away = True
    await conversations.note_end("call-1", NOON + timedelta(seconds=1))
    calls.is_away = False
    assert not (await conversations.look("call-1", completed())).conversation_lost
