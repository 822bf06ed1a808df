"""Listing calls page by page, in memory and in MongoDB alike."""

from datetime import timedelta

import pytest

from calls.ports.call_store import CallFilter, CallStore
from calls.ports.pages import BadPageTokenError
from calls.reasons import FinishReason
from calls.records import Progress
from calls.words import CallStatus
from tests.adapters.mongo.orders import ALICE, BOB, CALLER, NOON, new_call


async def _listed(calls: CallStore, **where: object) -> list[str]:
    """The call ids of every page, and a check that the total is right."""
    found: list[str] = []
    token: str | None = None
    while True:
        page = await calls.page(CallFilter(**where, page_token=token))  # type: ignore[arg-type]  # a test's shorthand
        found += [call.order.call_id for call in page.items]
        token = page.next_page_token
        if token is None:
            assert page.total == len(found)
            return found


async def test_pages_are_newest_first(calls: CallStore) -> None:
    """Every call appears once, newest first or oldest first, whatever the size of a page."""
    for n in range(7):
        await calls.register(new_call(f"c{n}", minute=n))
    newest_first = [f"c{n}" for n in (6, 5, 4, 3, 2, 1, 0)]
    for size in (1, 3, 7, 1000):
        assert await _listed(calls, page_size=size) == newest_first
        assert await _listed(calls, page_size=size, ascending=True) == newest_first[::-1]


async def test_calls_of_one_moment_are_neither_lost_nor_doubled(calls: CallStore) -> None:
    """Calls that were registered at the same moment are told apart by their ids between pages."""
    for n in range(6):
        await calls.register(new_call(f"c{n}"))
    assert sorted(await _listed(calls, page_size=2)) == [f"c{n}" for n in range(6)]


async def test_a_new_call_does_not_shift_the_pages(calls: CallStore) -> None:
    """A page token names where it starts, not how many came before: newer calls change no later page."""
    for n in range(4):
        await calls.register(new_call(f"c{n}", minute=n))
    first = await calls.page(CallFilter(page_size=2))
    await calls.register(new_call("new", minute=10))
    second = await calls.page(CallFilter(page_size=2, page_token=first.next_page_token))
    assert [call.order.call_id for call in second.items] == ["c1", "c0"]
    assert second.next_page_token is None


async def test_filters(calls: CallStore) -> None:
    """Each filter lets only its own calls through, and several are all obeyed."""
    for n, (agent, to) in enumerate([("a", ALICE), ("b", ALICE), ("b", BOB)]):
        await calls.register(new_call(f"c{n}", minute=n, agent_id=agent * 24, to_number=to))
    busy = Progress(revision=5, status=CallStatus.ERROR, finish_reason=FinishReason.LINE_BUSY)
    await calls.save_progress("c0", Progress(revision=5, status=CallStatus.ONGOING))
    await calls.save_progress("c2", busy)
    assert await _listed(calls, agent_ids=("b" * 24,)) == ["c2", "c1"]
    assert await _listed(calls, agent_ids=("a" * 24, "b" * 24)) == ["c2", "c1", "c0"]
    assert await _listed(calls, statuses=(CallStatus.ERROR, CallStatus.ONGOING)) == ["c2", "c0"]
    assert await _listed(calls, finish_reasons=(FinishReason.LINE_BUSY,)) == ["c2"]
    assert await _listed(calls, to_number=ALICE) == ["c1", "c0"]
    assert await _listed(calls, to_number=ALICE, agent_ids=("b" * 24,)) == ["c1"]
    assert await _listed(calls, from_number=CALLER) == ["c2", "c1", "c0"]
    assert await _listed(calls, from_number=BOB) == []
    assert await _listed(calls, batch_call_id="any") == []


async def test_time_filters_compare_strictly(calls: CallStore) -> None:
    """Start and end times are compared with the progress; a call without them passes no time filter."""
    start, minute = NOON.replace(microsecond=0), timedelta(minutes=1)
    for n in range(3):
        await calls.register(new_call(f"c{n}", minute=n))
        at = start + n * minute
        await calls.save_progress(
            f"c{n}", Progress(revision=1, status=CallStatus.ENDED, start_time=at, end_time=at + minute)
        )
    await calls.register(new_call("waiting", minute=9))
    assert await _listed(calls, start_time_after=start) == ["c2", "c1"]
    assert await _listed(calls, start_time_before=start + minute) == ["c0"]
    assert await _listed(calls, start_time_after=start, start_time_before=start + 2 * minute) == ["c1"]
    assert await _listed(calls, end_time_after=start + 2 * minute) == ["c2"]
    assert await _listed(calls, end_time_before=start + 2 * minute) == ["c0"]


async def test_foreign_page_tokens_are_refused(calls: CallStore) -> None:
    """A token that this listing did not give, made up or of the other direction, is an error."""
    for n in range(2):
        await calls.register(new_call(f"c{n}", minute=n))
    descending = (await calls.page(CallFilter(page_size=1))).next_page_token
    for token in ("", "nonsense", "bm9uc2Vuc2U", "W10", "\u00e4", "e30"):
        with pytest.raises(BadPageTokenError):
            await calls.page(CallFilter(page_token=token))
    with pytest.raises(BadPageTokenError):
        await calls.page(CallFilter(page_token=descending, ascending=True))
