"""Calls in memory: what the call store's port promises, without a database.

Everything happens between two awaits, so each method is as atomic as the real store's single operations. The
contract suite runs against both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from calls.ports.call_store import CallFilter, Claim, Pulse, RegisterOutcome, RegisterResult
from calls.ports.pages import Page, StoreUnavailableError
from calls.records import Message, NewCall, Progress, StoredCall
from calls.words import CallStatus
from tests.fakes.paging import page_from, to_the_millisecond


@dataclass
class LateNote:
    """Word of a call whose workflow could not take it."""

    call_id: str
    kind: str
    body: dict[str, object]
    at: datetime


@dataclass
class FakeCallStore:
    """Keeps calls in dictionaries, open to a test's eyes. While `is_away`, every method raises as a dead store's."""

    is_away: bool = False
    calls: dict[str, StoredCall] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    """What became of each request: registered or withdrawn."""
    claims: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Per call the attempt and carrier call that may speak for it."""
    utterances: dict[str, dict[int, Message]] = field(default_factory=dict)
    transcripts: dict[str, list[Message]] = field(default_factory=dict)
    pulses: dict[str, Pulse] = field(default_factory=dict)
    sessions: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """The last sign of life of each relay session, by call id."""
    settled: set[tuple[str, str]] = field(default_factory=set)
    late: list[LateNote] = field(default_factory=list)

    async def register(self, new: NewCall) -> RegisterResult:
        self._answer()
        order = new.order
        if self.requests.setdefault(order.request_id, "registered") == "withdrawn":
            return RegisterResult(RegisterOutcome.WITHDRAWN, None)
        holder = self.calls.get(order.call_id)
        if holder is None:
            fresh = Progress(revision=0, status=CallStatus.REGISTERED)
            at = to_the_millisecond(new.registered_at)
            stored = StoredCall(**{**dict(new), "registered_at": at}, progress=fresh)
            self.calls[order.call_id] = stored
            return RegisterResult(RegisterOutcome.CREATED, stored)
        if order.request_id == holder.order.request_id or order.request_sha256 == holder.order.request_sha256:
            return RegisterResult(RegisterOutcome.EXISTED, holder)
        del self.requests[order.request_id]
        return RegisterResult(RegisterOutcome.CONFLICT, holder)

    async def withdraw(self, request_id: str, at: datetime) -> bool:
        self._answer()
        return self.requests.setdefault(request_id, "withdrawn") == "withdrawn"

    async def find(self, call_id_or_id: str) -> StoredCall | None:
        self._answer()
        by_id = (call for call in self.calls.values() if call.order.id == call_id_or_id)
        return self.calls.get(call_id_or_id) or next(by_id, None)

    async def page(self, where: CallFilter) -> Page[StoredCall]:
        self._answer()
        matching = [call for call in self.calls.values() if matches(call, where)]
        listing = "calls-ascending" if where.ascending else "calls-descending"
        return page_from(
            listing,
            matching,
            key=lambda call: (call.registered_at.isoformat(timespec="milliseconds"), call.order.id),
            size=where.page_size,
            page_token=where.page_token,
            descending=not where.ascending,
        )

    async def save_progress(self, call_id: str, progress: Progress) -> None:
        self._answer()
        known = self.calls.get(call_id)
        if known is None:
            return
        is_last_word = progress.complete and not known.progress.complete
        if known.progress.revision < progress.revision or is_last_word:
            self.calls[call_id] = known.model_copy(update={"progress": _kept(progress)})

    async def claim(self, call_id: str, attempt_id: str, carrier_call_id: str) -> Claim:
        self._answer()
        if call_id not in self.calls:
            return Claim.UNKNOWN_CALL
        if self.calls[call_id].progress.end_time is not None:
            return Claim.CALL_IS_OVER
        mine = (attempt_id, carrier_call_id)
        if self.claims.setdefault(call_id, mine) != mine:
            return Claim.ANOTHER_HOLDS_IT
        self.calls[call_id] = self.calls[call_id].model_copy(update={"claimed_by": carrier_call_id})
        return Claim.GRANTED

    async def claimed_by(self, call_id: str) -> str | None:
        self._answer()
        return self.claims[call_id][1] if call_id in self.claims else None

    async def append_message(self, call_id: str, message: Message) -> None:
        self._answer()
        known = self.utterances.setdefault(call_id, {})
        if any(one.is_same_as(message) for one in known.values()):
            return
        seq = message.seq if message.seq not in known else max(known) + 1
        known[seq] = replace(message, seq=seq)

    async def messages(self, call_id: str) -> list[Message]:
        self._answer()
        return [message for _, message in sorted(self.utterances.get(call_id, {}).items())]

    async def messages_of(self, call_ids: Sequence[str]) -> dict[str, list[Message]]:
        return {call_id: await self.messages(call_id) for call_id in call_ids}

    async def keep_transcript(self, call_id: str, messages: Sequence[Message]) -> None:
        self._answer()
        self.transcripts[call_id] = list(messages)

    async def touch(self, pulses: Mapping[str, Pulse]) -> None:
        self._answer()
        for call_id, pulse in pulses.items():
            known = self.pulses.get(call_id)
            if known is None or known.at < pulse.at:
                self.pulses[call_id] = replace(pulse, closed_at=known.closed_at if known else None)
            seen = self.sessions.setdefault(call_id, {})
            seen[pulse.relay_session_id] = max(pulse.at, seen.get(pulse.relay_session_id, pulse.at))

    async def close_pulse(self, call_id: str, at: datetime) -> None:
        self._answer()
        if known := self.pulses.get(call_id):
            self.pulses[call_id] = replace(known, closed_at=max(at, known.closed_at or at))

    async def settle(self, call_id: str, relay_session_id: str) -> None:
        self._answer()
        if call_id in self.pulses:
            self.settled.add((call_id, relay_session_id))
        if call_id in self.transcripts:
            self.transcripts[call_id] = await self.messages(call_id)

    async def pulse(self, call_id: str) -> Pulse | None:
        self._answer()
        known = self.pulses.get(call_id)
        if known is None:
            return None
        seen = self.sessions[call_id].items()
        return replace(known, unsettled={name: at for name, at in seen if (call_id, name) not in self.settled})

    async def note_late(self, call_id: str, kind: str, body: Mapping[str, object], at: datetime) -> None:
        self._answer()
        self.late.append(LateNote(call_id, kind, dict(body), at))

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailableError("the fake store is away")


def matches(call: StoredCall, where: CallFilter) -> bool:
    """Whether a call passes a filter."""
    progress, asked = call.progress, call.order.request
    listed: list[tuple[Any, tuple[Any, ...]]] = [
        (call.agent_id, where.agent_ids),
        (progress.status, where.statuses),
        (progress.finish_reason, where.finish_reasons),
    ]
    equal = [(asked.to_number, where.to_number), (asked.from_number, where.from_number), (None, where.batch_call_id)]
    spans = [
        (progress.start_time, where.start_time_after, where.start_time_before),
        (progress.end_time, where.end_time_after, where.end_time_before),
    ]
    return (
        all(not wanted or value in wanted for value, wanted in listed)
        and all(wanted is None or value == wanted for value, wanted in equal)
        and all(_within(*span) for span in spans)
    )


def _within(time: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    if after is None and before is None:
        return True
    return time is not None and (after is None or time > after) and (before is None or time < before)


def _kept(progress: Progress) -> Progress:
    times = ("start_time", "answer_time", "end_time")
    known = {name: time for name in times if (time := getattr(progress, name)) is not None}
    return progress.model_copy(update={name: to_the_millisecond(time) for name, time in known.items()})
