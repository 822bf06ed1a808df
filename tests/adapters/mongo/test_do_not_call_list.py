"""The do-not-call list, in memory and in MongoDB alike."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from calls.ports.do_not_call import DoNotCall, DoNotCallList
from calls.ports.pages import BadPageTokenError

NOON = datetime(2026, 11, 22, 12, 0, 0, 123_456, tzinfo=UTC)
ALICE, BOB, CAROL = (DoNotCall(phone_number=f"+1415555010{n}") for n in (1, 2, 3))


async def test_a_number_is_listed_and_taken_off(do_not_call: DoNotCallList) -> None:
    """A number is found with its note and its time while it is listed, and not before or afterwards."""
    entry = ALICE.model_copy(update={"note": "asked us to stop"})
    assert await do_not_call.find(ALICE.phone_number) is None
    added = await do_not_call.add(entry, NOON)
    assert added.is_new
    assert added.listed.model_dump() == {**entry.model_dump(), "added_at": NOON.replace(microsecond=123_000)}
    assert await do_not_call.find(ALICE.phone_number) == added.listed
    assert await do_not_call.remove(ALICE.phone_number)
    assert await do_not_call.find(ALICE.phone_number) is None
    assert not await do_not_call.remove(ALICE.phone_number)


async def test_the_first_entry_stands(do_not_call: DoNotCallList) -> None:
    """A number that is listed already stays as it is, also when many add it at once."""
    entries = [ALICE.model_copy(update={"note": f"note {n}"}) for n in range(6)]
    added = await asyncio.gather(*(do_not_call.add(entry, NOON) for entry in entries))
    assert [one.is_new for one in added].count(True) == 1
    assert {one.listed for one in added} == {await do_not_call.find(ALICE.phone_number)}
    later = await do_not_call.add(entries[0], NOON + timedelta(days=1))
    assert (later.is_new, later.listed) == (False, added[0].listed)


@pytest.mark.parametrize("named", ["", "nonsense", "+", "4" * 3000, "$where"])
async def test_any_text_may_be_asked_for(do_not_call: DoNotCallList, named: str) -> None:
    """What is no number is not on the list, and is no error."""
    assert await do_not_call.find(named) is None
    assert not await do_not_call.remove(named)


async def test_the_list_is_in_the_order_in_which_it_grew(do_not_call: DoNotCallList) -> None:
    """It comes page by page, each number once, with the total; tokens of other listings are refused."""
    added = [(await do_not_call.add(entry, NOON)).listed for entry in (CAROL, ALICE, BOB)]
    first = await do_not_call.page(page_size=2, page_token=None)
    second = await do_not_call.page(page_size=2, page_token=first.next_page_token)
    assert first.items + second.items == added
    assert (first.total, second.total, second.next_page_token) == (3, 3, None)
    with pytest.raises(BadPageTokenError):
        await do_not_call.page(page_size=2, page_token="nonsense")
