"""Loose ends of the calls in a fake store, found as the real ones are found in a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calls.recalling import LateWord, Traces
from calls.records import StoredCall
from calls.words import Direction
from tests.fakes.call_store import FakeCallStore

_CLOCK_SKEW = timedelta(seconds=2)


@dataclass
class FakeLooseEnds:
    """Looks into a fake store."""

    store: FakeCallStore

    async def unfinished(self, registered_before: datetime) -> list[str]:
        self.store._answer()
        found = [
            c for c in self.store.calls.values() if not c.progress.complete and c.registered_at < registered_before
        ]
        return [call.order.call_id for call in sorted(found, key=lambda call: (call.registered_at, call.order.id))]

    async def traces(self, call_id: str) -> Traces:
        self.store._answer()
        seen: dict[str, Any] = {}
        if claim := self.store.claims.get(call_id):
            seen = {"attempt_id": claim[0], "carrier_call_id": claim[1]}
        if pulse := self.store.pulses.get(call_id):
            seen |= {"relay_session_id": pulse.relay_session_id, "pulse_at": pulse.at}
        notes = sorted((note for note in self.store.late if note.call_id == call_id), key=lambda note: note.at)
        late = tuple(LateWord(kind=note.kind, body=dict(note.body), at=note.at) for note in notes)
        return Traces(**seen, late=late)

    async def named(self, carrier_call_ids: Sequence[str]) -> Mapping[str, str]:
        self.store._answer()
        found: dict[str, str] = {}
        for note in self.store.late:
            if not note.kind.startswith("transfer_"):
                found[str(note.body.get("carrier_call_id"))] = note.call_id
        found |= {about: call_id for call_id, (_, about) in self.store.claims.items()}
        found |= {c.progress.carrier_call_id or "": call_id for call_id, c in self.store.calls.items()}
        return {about: call_id for about, call_id in found.items() if about in carrier_call_ids}

    async def lost_dial(self, from_number: str, to_number: str, created_at: datetime) -> StoredCall | None:
        self.store._answer()
        rivals = [call for call in self.store.calls.values() if self._rivals(call, from_number, to_number, created_at)]
        return rivals[0] if len(rivals) == 1 and rivals[0].progress.end_time is not None else None

    def _rivals(self, call: StoredCall, from_number: str, to_number: str, created_at: datetime) -> bool:
        asked, progress = call.order.request, call.progress
        return (
            (asked.from_number, asked.to_number, asked.direction) == (from_number, to_number, Direction.OUTBOUND)
            and progress.carrier_call_id is None
            and call.order.call_id not in self.store.claims
            and call.registered_at <= created_at + _CLOCK_SKEW
            and (
                progress.end_time is None or (progress.may_ring_late and progress.end_time >= created_at - _CLOCK_SKEW)
            )
        )
