"""Reading the records where they lie, in MongoDB, with the driver alone."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient

from bench.chaos.evidence import Document, Evidence

Database = Any


def read_records(uri: str, name: str, into: Evidence) -> None:
    """Fill in calls, messages, late facts and the archive. Blocks; raises PyMongoError."""
    client: MongoClient[Document]
    with MongoClient(uri, serverSelectionTimeoutMS=10_000, tz_aware=True, tzinfo=UTC) as client:
        database: Database = client[name]
        into.calls = [_plain(call) for call in database.calls.find({}).sort("call_id", 1)]
        for message in database.messages.find({}).sort([("call_id", 1), ("seq", 1)]):
            into.messages.setdefault(message["call_id"], []).append(_plain(message))
        into.late_facts = [_plain(late) for late in database.late_facts.find({})]
        into.archive = {str(kept["_id"]): _audio(database, kept) for kept in database["recordings.files"].find({})}


def count_open(uri: str, name: str) -> int:
    """How many calls are not settled yet. Blocks; raises PyMongoError."""
    client: MongoClient[Document]
    with MongoClient(uri, serverSelectionTimeoutMS=5_000) as client:
        return client[name].calls.count_documents({"progress.complete": {"$ne": True}})


def _audio(database: Database, kept: Document) -> Document:
    """What is really stored of a recording, piece by piece (the GridFS specification)."""
    digest, length = hashlib.sha256(), 0
    pieces = database["recordings.chunks"].find({"files_id": kept["_id"]}).sort("n", 1)
    for number, piece in enumerate(pieces):
        if piece["n"] != number:
            break
        digest.update(piece["data"])
        length += len(piece["data"])
    noted = {"bytes": kept["length"], "sha256": kept["metadata"]["sha256"], "call_id": kept["metadata"]["call_id"]}
    return {"recording": kept["filename"], "bytes": length, "sha256": digest.hexdigest(), "noted": noted}


def _plain(value: Any) -> Any:
    """The same as JSON can hold it; times as epoch seconds."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
