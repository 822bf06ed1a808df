"""Where webhooks wait for their delivery, and what became of each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Protocol

from calls.notices import CallEvent

KEPT_ATTEMPTS = 50
"""How many of a webhook's attempts are kept, the latest ones; their number is kept whole."""


@unique
class DeliveryStatus(StrEnum):
    """Where a webhook stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Notice:
    """One webhook as it is sent, every time: `body` is frozen when the event happens."""

    trace_id: str
    call_id: str
    event: CallEvent
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery that was tried. An empty `error` means that the receiver took it."""

    at: datetime
    error: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook and what became of it. `attempts` are the latest ones, `attempt_count` is of all."""

    notice: Notice
    status: DeliveryStatus
    attempt_count: int
    attempts: tuple[Attempt, ...]


class DeliveryStore(Protocol):
    """Keeps webhooks. Raises StoreUnavailableError."""

    async def put(self, notice: Notice) -> bool:
        """Keep a webhook for delivery; False when its trace id is known: the first body stands."""
        ...

    async def next_pending(self, call_id: str) -> Delivery | None:
        """The earliest event of a call that is neither delivered nor given up."""
        ...

    async def note_attempt(self, trace_id: str, attempt: Attempt) -> None:
        """Keep an attempt; one without an error settles the webhook as delivered."""
        ...

    async def give_up(self, trace_id: str) -> None:
        """Settle a pending webhook as given up."""
        ...

    async def of_call(self, call_id: str) -> list[Delivery]:
        """All webhooks of a call, in the order of its events."""
        ...

    async def put_again(self, call_id: str, event: CallEvent | None) -> int:
        """Make settled webhooks of a call pending again, all or those of one event; how many there are now to send."""
        ...
