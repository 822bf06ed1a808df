"""Webhooks and their deliveries in MongoDB: one document each, named by its trace id."""

from typing import Any

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from adapters.mongo.call_documents import plain
from adapters.mongo.database import Database, Document, asking
from calls.notices import CallEvent
from calls.ports.delivery_store import KEPT_ATTEMPTS, Attempt, Delivery, DeliveryStatus, Notice


class MongoDeliveryStore:
    """Keeps webhooks in `webhook_deliveries`."""

    def __init__(self, database: Database) -> None:
        self._deliveries = database["webhook_deliveries"]

    @asking
    async def put(self, notice: Notice) -> bool:
        """Keep a webhook for delivery; False when its trace id is known: the first body stands."""
        document = {
            "_id": notice.trace_id,
            "call_id": notice.call_id,
            "event": notice.event.value,
            "position": notice.event.position,
            "body": notice.body,
            "at": plain(notice.at),
            "status": DeliveryStatus.PENDING.value,
            "attempt_count": 0,
            "attempts": [],
        }
        try:
            await self._deliveries.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    @asking
    async def next_pending(self, call_id: str) -> Delivery | None:
        """The earliest event of a call that is neither delivered nor given up."""
        waiting = {"call_id": call_id, "status": DeliveryStatus.PENDING.value}
        found = await self._deliveries.find_one(waiting, sort=[("position", ASCENDING)])
        return _delivery(found) if found else None

    @asking
    async def note_attempt(self, trace_id: str, attempt: Attempt) -> None:
        """Keep an attempt; one without an error settles the webhook as delivered."""
        kept = {"at": plain(attempt.at), "error": plain(attempt.error)}
        change: dict[str, Any] = {
            "$inc": {"attempt_count": 1},
            "$push": {"attempts": {"$each": [kept], "$slice": -KEPT_ATTEMPTS}},
        }
        if not attempt.error:
            change["$set"] = {"status": DeliveryStatus.DELIVERED.value}
        await self._deliveries.update_one({"_id": trace_id}, change)

    @asking
    async def give_up(self, trace_id: str) -> None:
        """Settle a pending webhook as given up."""
        waiting = {"_id": trace_id, "status": DeliveryStatus.PENDING.value}
        await self._deliveries.update_one(waiting, {"$set": {"status": DeliveryStatus.GIVEN_UP.value}})

    @asking
    async def of_call(self, call_id: str) -> list[Delivery]:
        """All webhooks of a call, in the order of its events."""
        found = self._deliveries.find({"call_id": call_id}).sort("position", ASCENDING)
        return [_delivery(document) for document in await found.to_list(length=None)]

    @asking
    async def put_again(self, call_id: str, event: CallEvent | None) -> int:
        """Make settled webhooks of a call pending again, all or those of one event; how many there are now to send."""
        which = {"call_id": call_id, **({"event": event.value} if event else {})}
        done = await self._deliveries.update_many(which, {"$set": {"status": DeliveryStatus.PENDING.value}})
        return done.matched_count


def _delivery(document: Document) -> Delivery:
    return Delivery(
        notice=Notice(
            trace_id=document["_id"],
            call_id=document["call_id"],
            event=CallEvent(document["event"]),
            body=document["body"],
            at=document["at"],
        ),
        status=DeliveryStatus(document["status"]),
        attempt_count=document["attempt_count"],
        attempts=tuple(Attempt(one["at"], one["error"]) for one in document["attempts"]),
    )
