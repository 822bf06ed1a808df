"""Slots and places of calls under limits, in MongoDB.

Rules of this file
1. What a call holds stands in its own record, and counts only while that record is not over. So nothing needs to be
   given back, and no death leaks a slot.
2. One document, the gate, decides: whoever lets calls in read its version first and writes their names into it under
   that version. When somebody else was quicker, nothing was decided and everything is looked at again.
3. What the gate says is settled in the records before anybody decides anew. A process that dies between the two
   leaves that to the next one.
"""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from adapters.mongo.call_documents import ADMITTED, WAITING, admission_document
from adapters.mongo.database import Database, Document, asking
from calls.limits import Candidate, Limit, Turns, longest_hold_seconds, turns
from calls.policy import Policy
from calls.ports.admissions import Standing, Turn

_GATE: Final = "gate"
_RELEASED: Final = "released"
_UNDECIDED: Final = (None, WAITING)
_IS_UNDECIDED: Final = {"admission.state": {"$in": list(_UNDECIDED)}}
_TRIES: Final = 3


class MongoAdmissions:
    """Decides who may be called, over the records of the call store."""

    def __init__(self, database: Database) -> None:
        # The newest that the primary has, acknowledged or not: what it loses, the writes that followed lose too.
        local = ReadConcern("local")
        self._gates = database.get_collection("gates", read_concern=local)
        self._calls = database.get_collection("calls", read_concern=local)
        self._settled: int | None = None

    @asking
    async def admit(self, call_ids: Collection[str], at: datetime) -> Mapping[str, Standing]:
        """Let in everybody whose turn it is, and say where these calls stand. They wait from here on, at the latest."""
        known: Mapping[str, Document] = {}
        for _ in range(_TRIES):
            version = await self._settled_version()
            known, held = await asyncio.gather(self._candidates(call_ids, at), self._held(at))
            turned = turns([_candidate(call) for call in known.values() if _state(call) in _UNDECIDED], held)
            if await self._decide(version, turned, known, at):
                return {call_id: _standing(known.get(call_id), call_id, turned) for call_id in call_ids}
        # Others were quicker each time; those who keep asking hear more the next time.
        return {call_id: _standing(known.get(call_id), call_id, Turns((), {})) for call_id in call_ids}

    @asking
    async def release(self, call_id: str) -> None:
        """Take slot or place from a call that nobody looks after any more; it never gets one again."""
        await self._calls.update_one({"call_id": call_id}, {"$set": {"admission": {"state": _RELEASED}}})

    async def _candidates(self, call_ids: Collection[str], at: datetime) -> Mapping[str, Document]:
        """Those who wait, and these calls, without those that are over; in the order of registration."""
        waiting = {"admission.state": WAITING, "admission.until": {"$gt": at}}
        where = {"progress.over": False, "$or": [{"call_id": {"$in": list(call_ids)}}, waiting]}
        found = await self._calls.find(where, _FIELDS).to_list(length=None)
        return {call["call_id"]: call for call in sorted(found, key=lambda call: (call["registered_at"], call["_id"]))}

    async def _held(self, at: datetime) -> Mapping[str, int]:
        """How many slots of each pool are taken."""
        held = self._calls.aggregate(
            [
                {"$match": {"progress.over": False, "admission.state": ADMITTED, "admission.until": {"$gt": at}}},
                {"$unwind": "$plan.limits"},
                {"$group": {"_id": "$plan.limits.pool", "slots": {"$sum": 1}}},
            ]
        )
        return {pool["_id"]: pool["slots"] async for pool in held}

    async def _decide(self, version: int, turned: Turns, known: Mapping[str, Document], at: datetime) -> bool:
        """Let in whose turn it is and give the others a place in the queue; False when somebody else was quicker."""
        gate = {"version": version + 1, "granted": list(turned.admitted), "at": at}
        decided = not turned.admitted or await self._pass_the_gate(version, gate)
        admitted = turned.admitted if decided else ()
        new = [call for call_id, call in known.items() if _state(call) is None and call_id not in admitted]
        moves = [*(_slot(known[call_id], gate) for call_id in admitted), *(_place_in_the_queue(one, at) for one in new)]
        if moves:
            await self._calls.bulk_write(moves, ordered=False)
        if admitted:
            self._settled = version + 1
        return decided

    async def _pass_the_gate(self, version: int, gate: Document) -> bool:
        passed = await self._gates.update_one({"_id": _GATE, "version": version}, {"$set": gate})
        return bool(passed.matched_count)

    async def _settled_version(self) -> int:
        """The gate's version, once everything that it says stands in the records too."""
        gate = await self._gates.find_one({"_id": _GATE}) or await self._new_gate()
        if gate["version"] != self._settled:
            await self._settle(gate)
        return int(gate["version"])

    async def _new_gate(self) -> Document:
        gate: Document = {"_id": _GATE, "version": 0, "granted": [], "at": None}
        try:
            await self._gates.insert_one(gate)
        except DuplicateKeyError:
            return await self._gates.find_one({"_id": _GATE}) or gate
        return gate

    async def _settle(self, gate: Document) -> None:
        """Write into the records whom the gate let in; those that are in, over or released stay as they are."""
        where = {"call_id": {"$in": gate["granted"]}, **_IS_UNDECIDED}
        calls = await self._calls.find(where, _FIELDS).to_list(length=None)
        if calls:
            await self._calls.bulk_write([_slot(call, gate) for call in calls], ordered=False)
        self._settled = int(gate["version"])


_FIELDS: Final = {"call_id": 1, "registered_at": 1, "plan.limits": 1, "plan.policy": 1, "admission": 1}


def _state(call: Document) -> str | None:
    return (call.get("admission") or {}).get("state")


def _candidate(call: Document) -> Candidate:
    limits = call["plan"].get("limits", ())
    return Candidate(call["call_id"], tuple(Limit.model_validate(limit) for limit in limits))


def _place_in_the_queue(call: Document, asked: datetime) -> UpdateOne:
    policy = Policy.model_validate(call["plan"]["policy"])
    place = admission_document(WAITING, call["registered_at"], policy.registered_seconds)
    return _move(call, {**place, "asked": asked})


def _slot(call: Document, gate: Document) -> UpdateOne:
    """`turn` orders admissions, which the clocks of several workers cannot; `asked` is since when it waited."""
    policy = Policy.model_validate(call["plan"]["policy"])
    slot = admission_document(ADMITTED, gate["at"], longest_hold_seconds(policy))
    asked = (call.get("admission") or {}).get("asked", gate["at"])
    return _move(call, {**slot, "asked": asked, "turn": gate["version"]})


def _move(call: Document, admission: Document) -> UpdateOne:
    where: dict[str, Any] = {"_id": call["_id"], **_IS_UNDECIDED}
    return UpdateOne(where, {"$set": {"admission": admission}})


def _standing(call: Document | None, call_id: str, turned: Turns) -> Standing:
    if call is None or _state(call) == _RELEASED:
        return Standing(Turn.NEVER)
    if _state(call) == ADMITTED or call_id in turned.admitted:
        return Standing(Turn.ADMITTED)
    return Standing(Turn.WAITING, turned.full.get(call_id))
