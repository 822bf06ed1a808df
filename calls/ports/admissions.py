"""Who may be called now: where calls take a slot of each limit that they are under, or wait for their turn."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Protocol

from calls.limits import Limit


@unique
class Turn(StrEnum):
    """Where a call stands."""

    ADMITTED = "admitted"
    """It holds a slot of every limit, and keeps it until it is over."""
    WAITING = "waiting"
    """It keeps its place, in the order of registration."""
    NEVER = "never"
    """It is over, was released, or is unknown."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a call stands, and for one that waits the limit that has no room for it (None: nobody could say yet)."""

    turn: Turn
    full: Limit | None = None


class Admissions(Protocol):
    """Decides who may be called. Calls are those of the call store, by `call_id`. Raises StoreUnavailableError.

    A slot is held by a call whose record is not over: whatever dies, nothing has to give it back.
    """

    async def admit(self, call_ids: Collection[str], at: datetime) -> Mapping[str, Standing]:
        """Let in everybody whose turn it is, and say where these calls stand. They wait from here on, at the latest.

        Any number may ask at the same moment, and as often as they like: there are never more calls in than a limit
        allows, and of two that wait for the same limit the one that was registered first comes in first.
        """
        ...

    async def release(self, call_id: str) -> None:
        """Take slot or place from a call that nobody looks after any more; it never gets one again."""
        ...
