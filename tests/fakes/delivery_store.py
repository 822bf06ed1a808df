"""Webhooks and their deliveries in memory: what their port promises, without a database."""

from dataclasses import dataclass, field, replace

from calls.notices import CallEvent
from calls.ports.delivery_store import KEPT_ATTEMPTS, Attempt, Delivery, DeliveryStatus, Notice
from calls.ports.pages import StoreUnavailableError
from tests.fakes.paging import to_the_millisecond


@dataclass
class FakeDeliveryStore:
    """Keeps webhooks in a dictionary. While `is_away`, every method raises as a dead store's."""

    is_away: bool = False
    kept: dict[str, Delivery] = field(default_factory=dict)

    async def put(self, notice: Notice) -> bool:
        self._answer()
        if notice.trace_id in self.kept:
            return False
        notice = replace(notice, at=to_the_millisecond(notice.at))
        self.kept[notice.trace_id] = Delivery(notice, DeliveryStatus.PENDING, 0, ())
        return True

    async def next_pending(self, call_id: str) -> Delivery | None:
        return next((one for one in await self.of_call(call_id) if one.status is DeliveryStatus.PENDING), None)

    async def note_attempt(self, trace_id: str, attempt: Attempt) -> None:
        self._answer()
        if known := self.kept.get(trace_id):
            tried = (*known.attempts, replace(attempt, at=to_the_millisecond(attempt.at)))[-KEPT_ATTEMPTS:]
            status = known.status if attempt.error else DeliveryStatus.DELIVERED
            self.kept[trace_id] = Delivery(known.notice, status, known.attempt_count + 1, tried)

    async def give_up(self, trace_id: str) -> None:
        self._answer()
        known = self.kept.get(trace_id)
        if known and known.status is DeliveryStatus.PENDING:
            self.kept[trace_id] = replace(known, status=DeliveryStatus.GIVEN_UP)

    async def of_call(self, call_id: str) -> list[Delivery]:
        self._answer()
        mine = (one for one in self.kept.values() if one.notice.call_id == call_id)
        return sorted(mine, key=lambda one: one.notice.event.position)

    async def put_again(self, call_id: str, event: CallEvent | None) -> int:
        wanted = [one for one in await self.of_call(call_id) if event in (None, one.notice.event)]
        for one in wanted:
            self.kept[one.notice.trace_id] = replace(one, status=DeliveryStatus.PENDING)
        return len(wanted)

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailableError("the store is away")
