"""What calls left behind, found in MongoDB."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING

from adapters.mongo.call_documents import WITHOUT_TRANSCRIPT, stored_call
from adapters.mongo.database import Database, Document, asking
from calls.recalling import LateWord, Traces
from calls.records import StoredCall

_CLOCK_SKEW = timedelta(seconds=2)
"""How far the carrier's creation time may lie from ours for the same dial."""


class MongoLooseEnds:
    """Finds what a lost story left behind."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asking
    async def unfinished(self, registered_before: datetime) -> list[str]:
        """Call ids of the records that are not complete, those registered first first."""
        query = {"progress.complete": False, "registered_at": {"$lt": registered_before}}
        found = self._database.calls.find(query, {"call_id": 1}).sort(
            [("registered_at", ASCENDING), ("_id", ASCENDING)]
        )
        return [str(document["call_id"]) async for document in found]

    @asking
    async def traces(self, call_id: str) -> Traces:
        """What is known of a call beside its record."""
        record = await self._database.calls.find_one({"call_id": call_id}, {"claim": 1}) or {}
        pulse = await self._database.pulses.find_one({"_id": call_id})
        late = self._database.late_facts.find({"call_id": call_id}).sort("at", ASCENDING)
        seen: dict[str, Any] = dict(record.get("claim") or {})
        if pulse:
            seen |= {"relay_session_id": pulse["pulse"]["relay_session_id"], "pulse_at": pulse["pulse"]["at"]}
        return Traces(**seen, late=tuple([_late_word(document) async for document in late]))

    @asking
    async def named(self, carrier_call_ids: Sequence[str]) -> Mapping[str, str]:
        """Of these carrier calls, those that a record, a claim or a signed late word names: the call of each."""
        asked = {"$in": list(carrier_call_ids)}
        # A transfer's words name the target's leg, which is the carrier's own child and nobody's call.
        late = {"carrier_call_id": asked, "kind": {"$not": {"$regex": "^transfer_"}}}
        found: dict[str, str] = {}
        async for document in self._database.late_facts.find(late, {"call_id": 1, "carrier_call_id": 1}):
            found[document["carrier_call_id"]] = document["call_id"]
        for field in ("claim", "progress"):
            async for document in self._database.calls.find(
                {f"{field}.carrier_call_id": asked}, {"call_id": 1, f"{field}.carrier_call_id": 1}
            ):
                found[document[field]["carrier_call_id"]] = document["call_id"]
        return found

    @asking
    async def lost_dial(self, from_number: str, to_number: str, created_at: datetime) -> StoredCall | None:
        """The one call whose dial was taken for lost and can have made a carrier call at this time; None if not one."""
        query: Document = {
            "from_number": from_number,
            "to_number": to_number,
            "direction": "outbound",
            "progress.carrier_call_id": None,
            "claim": None,
            "registered_at": {"$lte": created_at + _CLOCK_SKEW},
            # Whoever ended without a dial rings nobody; records of before this was kept do not say.
            "$or": [
                {"progress.end_time": None},
                {"progress.end_time": {"$gte": created_at - _CLOCK_SKEW}, "progress.may_ring_late": {"$ne": False}},
            ],
        }
        rivals = await self._database.calls.find(query, WITHOUT_TRANSCRIPT).limit(2).to_list(length=None)
        if len(rivals) != 1 or rivals[0]["progress"]["end_time"] is None:
            return None
        return stored_call(rivals[0])


def _late_word(document: Document) -> LateWord:
    body = json.loads(document["body_json"])
    return LateWord(kind=document["kind"], body=body if isinstance(body, dict) else {}, at=document["at"])
