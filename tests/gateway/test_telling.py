"""What is told while nobody can take it: an error, so that the carrier tells it again."""

from datetime import UTC, datetime
from typing import cast

import pytest

from calls.facts import CallRinging
from calls.ports.pages import StoreUnavailableError
from gateway.once_told import OnceTold
from gateway.ports import CallControl, Told
from gateway.telling import Telling
from tests.fakes.call_store import FakeCallStore

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RINGING = CallRinging(at=NOON, carrier_call_id="CA1", attempt_id="a1")


class Closed:
    """An engine whose workflow of the call is over."""

    async def tell(self, call_id: str, fact: CallRinging) -> Told:
        return Told.NO_SUCH_WORKFLOW


async def test_word_that_could_not_be_noted_is_refused_and_noted_when_it_comes_again() -> None:
    """The workflow is over and the store is away: only the carrier can keep it, by repeating it."""
    store = FakeCallStore(is_away=True)
    telling = Telling(store, cast("CallControl", Closed()), lambda: NOON, OnceTold())
    with pytest.raises(StoreUnavailableError):
        await telling.tell("c1", RINGING)
    store.is_away = False
    assert await telling.tell("c1", RINGING) is False
    assert [(note.call_id, note.kind) for note in store.late] == [("c1", "call_ringing")]
