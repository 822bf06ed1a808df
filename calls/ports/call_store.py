"""Where calls are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from typing import Protocol

from calls.ports.pages import Page
from calls.reasons import FinishReason
from calls.records import Message, NewCall, Progress, StoredCall
from calls.words import CallStatus


@unique
class RegisterOutcome(StrEnum):
    """What became of a registration."""

    CREATED = "created"
    EXISTED = "existed"
    """The same request was registered before."""
    CONFLICT = "conflict"
    """Another request holds this call id."""
    WITHDRAWN = "withdrawn"
    """The asker gave this request up before it was registered."""


@dataclass(frozen=True, slots=True)
class RegisterResult:
    """What became of a registration, with the stored call (None when withdrawn)."""

    outcome: RegisterOutcome
    stored: StoredCall | None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls to list. Empty fields do not filter; times compare with start and end time."""

    agent_ids: tuple[str, ...] = ()
    statuses: tuple[CallStatus, ...] = ()
    finish_reasons: tuple[FinishReason, ...] = ()
    to_number: str | None = None
    from_number: str | None = None
    batch_call_id: str | None = None
    start_time_before: datetime | None = None
    start_time_after: datetime | None = None
    end_time_before: datetime | None = None
    end_time_after: datetime | None = None
    ascending: bool = False
    page_size: int = 100
    page_token: str | None = None


@unique
class Claim(StrEnum):
    """What became of a carrier call's claim to speak for a call."""

    GRANTED = "granted"
    ANOTHER_HOLDS_IT = "another_holds_it"
    CALL_IS_OVER = "call_is_over"
    UNKNOWN_CALL = "unknown_call"


@dataclass(frozen=True, slots=True)
class Pulse:
    """The last sign of life of a call's conversation.

    `closed_at` is when the carrier said that it was over; `unsettled` has the last sign of life of each relay session,
    this and earlier ones, that may still have something to store.
    """

    relay_session_id: str
    at: datetime
    closed_at: datetime | None = None
    unsettled: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def unsettled_at(self) -> datetime | None:
        """The last word of what may still have something to store; None when every session has stored all it had."""
        words = list(self.unsettled.values())
        if self.closed_at is not None and self.relay_session_id in self.unsettled:
            words.append(self.closed_at)
        return max(words, default=None)

    @property
    def is_open(self) -> bool:
        """Whether nobody has heard of an end after it."""
        return self.closed_at is None or self.closed_at < self.at


class CallStore(Protocol):
    """Keeps calls. A call is named by its `call_id`; `find` takes its `_id` too. Raises StoreUnavailableError."""

    async def register(self, new: NewCall) -> RegisterResult:
        """Store a new call, once per call id, whoever asks and however often."""
        ...

    async def withdraw(self, request_id: str, at: datetime) -> bool:
        """Make sure that a request which was not registered never will be; False when it was registered before."""
        ...

    async def find(self, call_id_or_id: str) -> StoredCall | None:
        """One call."""
        ...

    async def page(self, where: CallFilter) -> Page[StoredCall]:
        """A page of calls, newest first unless asked otherwise. Raises BadPageTokenError."""
        ...

    async def save_progress(self, call_id: str, progress: Progress) -> None:
        """Move a call's progress forward; a lower revision than the stored one changes nothing.

        The complete progress is the last word over every one that was not complete, whatever their revisions: a story
        may have written what its engine then made it forget.
        """
        ...

    async def claim(self, call_id: str, attempt_id: str, carrier_call_id: str) -> Claim:
        """Let one carrier call speak for a call: the first of its attempt, and none once the call has ended."""
        ...

    async def claimed_by(self, call_id: str) -> str | None:
        """The carrier call id that holds the claim, and nothing else of the call: every callback asks for it."""
        ...

    async def append_message(self, call_id: str, message: Message) -> None:
        """Store an utterance, once; one whose seq another utterance has is stored after all others.

        Two sessions can number alike when the older one could not store its last words in time.
        """
        ...

    async def messages(self, call_id: str) -> list[Message]:
        """The utterances of a call in order of seq."""
        ...

    async def messages_of(self, call_ids: Sequence[str]) -> dict[str, list[Message]]:
        """The utterances of many calls, each in order of seq."""
        ...

    async def keep_transcript(self, call_id: str, messages: Sequence[Message]) -> None:
        """Put the gathered utterances into the call's record; later ones for the same call replace them."""
        ...

    async def touch(self, pulses: Mapping[str, Pulse]) -> None:
        """Leave signs of life of conversations, by call id; an older one than the stored one changes nothing."""
        ...

    async def close_pulse(self, call_id: str, at: datetime) -> None:
        """The conversation is over, by the carrier's word; nothing is kept of one that left no sign of life."""
        ...

    async def settle(self, call_id: str, relay_session_id: str) -> None:
        """A relay session has stored all it had to store; a transcript that was kept before gets what it lacks.

        One that another has followed, and that is late, does not unsettle that one.
        """
        ...

    async def pulse(self, call_id: str) -> Pulse | None:
        """The last sign of life; None before the first."""
        ...

    async def note_late(self, call_id: str, kind: str, body: Mapping[str, object], at: datetime) -> None:
        """Keep word of a call whose workflow could not take it (it is over, or unknown)."""
        ...
