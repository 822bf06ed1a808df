"""Listing calls: from a filter to a query, page by page."""

import asyncio
from datetime import UTC, datetime, timedelta

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING

from adapters.mongo.call_documents import WITHOUT_TRANSCRIPT, stored_call
from adapters.mongo.database import Database, Document
from adapters.mongo.paging import object_id, position, token
from calls.ports.call_store import CallFilter
from calls.ports.pages import BadPageTokenError, Page
from calls.records import StoredCall

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


async def page_of_calls(database: Database, where: CallFilter) -> Page[StoredCall]:
    """A page, sorted by registration and then by id, so that calls of one moment are neither lost nor doubled."""
    query = query_of(where)
    direction = ASCENDING if where.ascending else DESCENDING
    after = _after(where)
    cursor = database.calls.find({"$and": [query, after]}, WITHOUT_TRANSCRIPT)
    cursor = cursor.sort([("registered_at", direction), ("_id", direction)])
    found = await cursor.limit(where.page_size + 1).to_list(length=None)
    # Without a query it is the collection's own count, which reads no document.
    total = await (database.calls.count_documents(query) if query else database.calls.estimated_document_count())
    shown = found[: where.page_size]
    more = len(found) > where.page_size
    items = []
    for document in shown:
        items.append(stored_call(document))
        await asyncio.sleep(0)  # checking a thousand takes a while, and others talk meanwhile
    return Page(items, _token(where, shown[-1]) if more else None, total)


def query_of(where: CallFilter) -> Document:
    """The query of a filter. Times compare strictly. No call is part of a batch, so a batch's listing is empty."""
    listed = {
        "agent_id": where.agent_ids,
        "progress.status": tuple(status.value for status in where.statuses),
        "progress.finish_reason": tuple(reason.value for reason in where.finish_reasons),
    }
    equal = {"to_number": where.to_number, "from_number": where.from_number, "batch_call_id": where.batch_call_id}
    spans = {
        "progress.start_time": {"$gt": where.start_time_after, "$lt": where.start_time_before},
        "progress.end_time": {"$gt": where.end_time_after, "$lt": where.end_time_before},
    }
    query: Document = {name: {"$in": list(values)} for name, values in listed.items() if values}
    query |= {name: value for name, value in equal.items() if value is not None}
    for name, span in spans.items():
        if bounds := {sign: time for sign, time in span.items() if time is not None}:
            query[name] = bounds
    return query


def _listing(where: CallFilter) -> str:
    return "calls-ascending" if where.ascending else "calls-descending"


def _token(where: CallFilter, last: Document) -> str:
    milliseconds = (last["registered_at"] - _EPOCH) // _MILLISECOND
    return token(_listing(where), milliseconds, str(last["_id"]))


def _after(where: CallFilter) -> Document:
    if where.page_token is None:
        return {}
    milliseconds, last = position(where.page_token, _listing(where), int, str)
    last_id: ObjectId | None = object_id(last)
    if last_id is None or not 0 <= milliseconds < 2**45:
        raise BadPageTokenError("not a page token")
    moment = _EPOCH + milliseconds * _MILLISECOND
    beyond = "$gt" if where.ascending else "$lt"
    return {
        "$or": [
            {"registered_at": {beyond: moment}},
            {"registered_at": moment, "_id": {beyond: last_id}},
        ]
    }
