"""Slots and places of calls under limits, in memory: what the admissions' port promises, over the fake call store."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from calls.limits import Candidate, longest_hold_seconds, turns
from calls.ports.admissions import Standing, Turn
from calls.ports.pages import StoreUnavailableError
from calls.records import StoredCall
from calls.words import Direction
from tests.fakes.call_store import FakeCallStore

_MARGIN = timedelta(seconds=60)


@dataclass
class FakeAdmissions:
    """Decides between two awaits, so no two can decide at once. `asked` counts the questions."""

    store: FakeCallStore
    waiting: set[str] = field(default_factory=set)
    admitted: dict[str, datetime] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    asked: int = 0

    async def admit(self, call_ids: Collection[str], at: datetime) -> Mapping[str, Standing]:
        self._answer()
        self.asked += 1
        self.waiting |= {one for one in call_ids if one in self.store.calls and one not in self.admitted}
        live = {one for one, call in self.store.calls.items() if not call.progress.over and one not in self.released}
        queue = sorted(
            (self.store.calls[one] for one in self.waiting & live if one in call_ids or self._may_wait(one, at)),
            key=lambda call: (call.registered_at, call.order.id),
        )
        turned = turns([Candidate(call.order.call_id, call.plan.limits) for call in queue], self._held(live, at))
        for one in turned.admitted:
            self.admitted[one] = at
        self.waiting -= set(turned.admitted)
        return {one: self._standing(one, one in live, turned.full.get(one)) for one in call_ids}

    async def release(self, call_id: str) -> None:
        self._answer()
        self.released.add(call_id)

    def _held(self, live: set[str], at: datetime) -> dict[str, int]:
        held: dict[str, int] = {}
        for one in live:
            if self._holds(self.store.calls[one], at):
                for limit in self.store.calls[one].plan.limits:
                    held[limit.pool] = held.get(limit.pool, 0) + 1
        return held

    def _holds(self, call: StoredCall, at: datetime) -> bool:
        is_inbound = call.order.request.direction is Direction.INBOUND
        since = self.admitted.get(call.order.call_id, call.registered_at if is_inbound else None)
        longest = timedelta(seconds=longest_hold_seconds(call.plan.policy)) + _MARGIN
        return since is not None and at < since + longest

    def _may_wait(self, call_id: str, at: datetime) -> bool:
        call = self.store.calls[call_id]
        return at < call.registered_at + timedelta(seconds=call.plan.policy.registered_seconds) + _MARGIN

    def _standing(self, call_id: str, is_live: bool, full: object) -> Standing:
        if not is_live:
            return Standing(Turn.NEVER)
        return Standing(Turn.ADMITTED) if call_id in self.admitted else Standing(Turn.WAITING, full)  # type: ignore[arg-type]

    def _answer(self) -> None:
        if self.store.is_away:
            raise StoreUnavailableError("the fake store is away")
