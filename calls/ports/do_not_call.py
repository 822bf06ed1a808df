"""The do-not-call list: who must never be rung, whoever asks."""

from datetime import datetime
from typing import NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field

from calls.agents import E164
from calls.ports.pages import Page


class DoNotCall(BaseModel):
    """What somebody writes on the list. `note` says why, for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phone_number: E164
    note: str | None = Field(default=None, max_length=500)


class ListedNumber(DoNotCall):
    """A number on the list, and since when; to the millisecond."""

    added_at: datetime


class Added(NamedTuple):
    """What the list holds of a number now. `is_new` is False when it was there before: that entry stands."""

    listed: ListedNumber
    is_new: bool


class DoNotCallList(Protocol):
    """Keeps the numbers that must not be rung, each once. Raises StoreUnavailableError."""

    async def add(self, entry: DoNotCall, at: datetime) -> Added:
        """Put a number on the list."""
        ...

    async def find(self, phone_number: str) -> ListedNumber | None:
        """The entry of a number in E.164 form; of any text, also of one that is no number."""
        ...

    async def page(self, *, page_size: int, page_token: str | None) -> Page[ListedNumber]:
        """A page of the list in the order in which it grew. Raises BadPageTokenError."""
        ...

    async def remove(self, phone_number: str) -> bool:
        """Take a number off the list; False when it is not on it."""
        ...
