"""Calls in MongoDB.

Rules of this file
1. Whatever decides between two askers is one atomic operation on one document: the registration's row decides
   between registering and withdrawing, the unique call id between two requests, the call's claim between two
   carrier calls. The row holds the call until that is stored, so that whoever finds it can store it.
2. Every write may be repeated, and none moves a record backwards.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from adapters.mongo.call_documents import (
    WITHOUT_TRANSCRIPT,
    call_document,
    message_fields,
    plain,
    progress_document,
    stored_call,
    stored_message,
)
from adapters.mongo.call_listing import page_of_calls
from adapters.mongo.database import Database, Document, asking
from adapters.mongo.paging import object_id
from calls.ports.call_store import CallFilter, Claim, Pulse, RegisterOutcome, RegisterResult
from calls.ports.pages import Page
from calls.records import Message, NewCall, Progress, StoredCall

_IN_PASSING = WriteConcern(w=1, j=False)
_REGISTERED, _WITHDRAWN = "registered", "withdrawn"


class MongoCallStore:
    """Keeps calls, their messages, pulses and late facts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A pulse is worth less than a journal write every two seconds and call; the next one is coming.
        self._pulses = database.get_collection("pulses", write_concern=_IN_PASSING, read_concern=ReadConcern("local"))
        # What a registration is to be carried through with is not needed once it is; it does no harm either.
        self._registrations_in_passing = database.get_collection("registrations", write_concern=_IN_PASSING)

    @asking
    async def register(self, new: NewCall) -> RegisterResult:
        """Store a new call, once per call id, whoever asks and however often."""
        order, document = new.order, call_document(new)
        settled = await self._settle(order.request_id, _REGISTERED, new.registered_at, call=document)
        if settled["outcome"] == _WITHDRAWN:
            return RegisterResult(RegisterOutcome.WITHDRAWN, None)
        return await self._insert(document)

    @asking
    async def withdraw(self, request_id: str, at: datetime) -> bool:
        """Make sure that a request which was not registered never will be; False when it was registered before.

        A registration that broke off between its two writes is carried through: whoever began it will go on with it.
        """
        settled = await self._settle(request_id, _WITHDRAWN, at)
        if settled["outcome"] == _WITHDRAWN:
            return True
        begun = settled.get("call")
        if begun is None or (await self._insert(begun)).outcome is not RegisterOutcome.CONFLICT:
            return False
        return bool((await self._settle(request_id, _WITHDRAWN, at))["outcome"] == _WITHDRAWN)

    async def _settle(self, request_id: str, outcome: str, at: datetime, **more: Any) -> Document:
        """What became of a request: the first to say so decides."""
        settled: Document = await self._database.registrations.find_one_and_update(
            {"_id": request_id},
            {"$setOnInsert": {"outcome": outcome, "at": at, **more}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return settled

    async def _insert(self, document: Document) -> RegisterResult:
        """Store a call whose request is registered."""
        request_id, sha256 = document["request_id"], document["request_sha256"]
        try:
            await self._database.calls.insert_one(document)
        except DuplicateKeyError:
            holder = await self._holder(document)
            result = RegisterResult(RegisterOutcome.EXISTED, holder)
            if request_id != holder.order.request_id and sha256 != holder.order.request_sha256:
                # This request was not registered after all; a later withdrawal must not be told that it was.
                await self._database.registrations.delete_one({"_id": request_id, "outcome": _REGISTERED})
                return RegisterResult(RegisterOutcome.CONFLICT, holder)
        else:
            result = RegisterResult(RegisterOutcome.CREATED, stored_call(document))
        await self._registrations_in_passing.update_one({"_id": request_id}, {"$unset": {"call": ""}})
        return result

    async def _holder(self, document: Document) -> StoredCall:
        same = {"$or": [{"call_id": document["call_id"]}, {"_id": document["_id"]}]}
        # Right after a duplicate key the winner may not have its majority yet: read what the primary has.
        calls = self._database.get_collection("calls", read_concern=ReadConcern("local"))
        found = await calls.find_one(same, WITHOUT_TRANSCRIPT)
        if found is None:
            raise LookupError(f"call {document['call_id']} was in the way and is gone")
        return stored_call(found)

    @asking
    async def find(self, call_id_or_id: str) -> StoredCall | None:
        """One call. 24 hex digits can only be an `_id` (which a generated call id equals)."""
        record_id = object_id(call_id_or_id)
        query = {"call_id": call_id_or_id} if record_id is None else {"_id": record_id}
        found = await self._database.calls.find_one(query, WITHOUT_TRANSCRIPT)
        return stored_call(found) if found else None

    @asking
    async def page(self, where: CallFilter) -> Page[StoredCall]:
        """A page of calls, newest first unless asked otherwise. Raises BadPageTokenError."""
        return await page_of_calls(self._database, where)

    @asking
    async def save_progress(self, call_id: str, progress: Progress) -> None:
        """Move a call's progress forward; a lower revision than the stored one changes nothing.

        The complete progress is the last word over every one that was not complete.
        """
        older: list[Document] = [{"progress.revision": {"$lt": progress.revision}}]
        if progress.complete:
            older.append({"progress.complete": {"$ne": True}})
        await self._database.calls.update_one(
            {"call_id": call_id, "$or": older}, {"$set": {"progress": progress_document(progress)}}
        )

    @asking
    async def claim(self, call_id: str, attempt_id: str, carrier_call_id: str) -> Claim:
        """Let one carrier call speak for a call: the first of its attempt, and none once the call has ended."""
        mine = {"attempt_id": attempt_id, "carrier_call_id": carrier_call_id}
        granted = await self._database.calls.find_one_and_update(
            {"call_id": call_id, "progress.end_time": None, "claim": {"$in": [None, mine]}},
            {"$set": {"claim": mine}},
            projection={"_id": 1},
        )
        if granted:
            return Claim.GRANTED
        found = await self._database.calls.find_one({"call_id": call_id}, {"progress.end_time": 1})
        if found is None:
            return Claim.UNKNOWN_CALL
        return Claim.CALL_IS_OVER if found["progress"]["end_time"] else Claim.ANOTHER_HOLDS_IT

    @asking
    async def claimed_by(self, call_id: str) -> str | None:
        """The carrier call id that holds the claim, and nothing else of the call."""
        found = await self._database.calls.find_one({"call_id": call_id}, {"claim": 1})
        return found["claim"]["carrier_call_id"] if found and found["claim"] else None

    @asking
    async def append_message(self, call_id: str, message: Message) -> None:
        """Store an utterance, once; one whose seq another utterance has is stored after all others."""
        while True:
            try:
                await self._database.messages.insert_one({"call_id": call_id, **message_fields(message)})
            except DuplicateKeyError:
                known = await self._committed_messages(call_id)
                if any(one.is_same_as(message) for one in known):
                    return
                message = replace(message, seq=known[-1].seq + 1)
            else:
                return

    async def _committed_messages(self, call_id: str) -> list[Message]:
        """What stands in the way of a message: read what the primary has, its majority may be on its way."""
        messages = self._database.get_collection("messages", read_concern=ReadConcern("local"))
        found = messages.find({"call_id": call_id}).sort("seq", ASCENDING)
        return [stored_message(document) for document in await found.to_list(length=None)]

    @asking
    async def messages(self, call_id: str) -> list[Message]:
        """The utterances of a call in order of seq."""
        found = self._database.messages.find({"call_id": call_id}).sort("seq", ASCENDING)
        return [stored_message(document) for document in await found.to_list(length=None)]

    @asking
    async def messages_of(self, call_ids: Sequence[str]) -> dict[str, list[Message]]:
        """The utterances of many calls, each in order of seq; an empty list where there are none."""
        grouped: dict[str, list[Message]] = {call_id: [] for call_id in call_ids}
        found = self._database.messages.find({"call_id": {"$in": list(grouped)}})
        async for document in found.sort([("call_id", ASCENDING), ("seq", ASCENDING)]):
            grouped[document["call_id"]].append(stored_message(document))
        return grouped

    @asking
    async def keep_transcript(self, call_id: str, messages: Sequence[Message]) -> None:
        """Put the gathered utterances into the call's record; later ones for the same call replace them."""
        transcript = [message_fields(message) for message in messages]
        await self._database.calls.update_one({"call_id": call_id}, {"$set": {"transcript": transcript}})

    @asking
    async def touch(self, pulses: Mapping[str, Pulse]) -> None:
        """Leave signs of life of conversations, by call id; an older one than the stored one changes nothing."""
        # $max compares documents field by field, so `at` comes first.
        latest = {
            call_id: {
                "pulse": {"at": one.at, "relay_session_id": one.relay_session_id},
                f"sessions.{_key(one.relay_session_id)}": one.at,
            }
            for call_id, one in pulses.items()
        }
        await self._pulses.bulk_write(
            [UpdateOne({"_id": call_id}, {"$max": seen}, upsert=True) for call_id, seen in latest.items()],
            ordered=False,
        )

    @asking
    async def close_pulse(self, call_id: str, at: datetime) -> None:
        """The conversation is over, by the carrier's word; nothing is kept of one that left no sign of life."""
        await self._pulses.update_one({"_id": call_id}, {"$max": {"closed_at": at}})

    @asking
    async def settle(self, call_id: str, relay_session_id: str) -> None:
        """A relay session has stored all it had to store; a transcript that was kept before gets what it lacks."""
        # Beside the signs of life, not instead of them: one that is under way would bring the session back.
        await self._pulses.update_one({"_id": call_id}, {"$addToSet": {"settled": _key(relay_session_id)}})
        kept = {"call_id": call_id, "transcript": {"$exists": True}}
        if await self._database.calls.find_one(kept, {"_id": 1}):
            await self.keep_transcript(call_id, await self.messages(call_id))

    @asking
    async def pulse(self, call_id: str) -> Pulse | None:
        """The last sign of life; None before the first."""
        found = await self._pulses.find_one({"_id": call_id})
        if found is None:
            return None
        settled = found.get("settled", ())
        unsettled = {_id(key): at for key, at in found.get("sessions", {}).items() if key not in settled}
        return Pulse(**found["pulse"], closed_at=found.get("closed_at"), unsettled=unsettled)

    @asking
    async def note_late(self, call_id: str, kind: str, body: Mapping[str, object], at: datetime) -> None:
        """Keep word of a call whose workflow could not take it (it is over, or unknown)."""
        late = {"call_id": plain(call_id), "kind": plain(kind), "body_json": json.dumps(dict(body), default=str)}
        about = {"carrier_call_id": plain(told)} if (told := body.get("carrier_call_id")) else {}
        await self._database.late_facts.insert_one({**late, **about, "at": at})


def _key(relay_session_id: str) -> str:
    """A session as the name of a field, which must not hold a dot; the carrier may call it what it likes."""
    return f"s{relay_session_id.encode(errors='replace').hex()}"


def _id(key: str) -> str:
    return bytes.fromhex(key[1:]).decode()
