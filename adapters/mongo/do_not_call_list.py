"""The do-not-call list in MongoDB: one document for each number."""

from datetime import datetime

from bson import ObjectId
from pymongo import ASCENDING, ReturnDocument

from adapters.mongo.call_documents import plain
from adapters.mongo.database import Database, Document, asking
from adapters.mongo.paging import object_id, position, token
from calls.ports.do_not_call import Added, DoNotCall, ListedNumber
from calls.ports.pages import BadPageTokenError, Page

_NAME = "do_not_call"


class MongoDoNotCallList:
    """Keeps the list in `do_not_call`. Whoever adds a number at the same time as others gets the first one's entry."""

    def __init__(self, database: Database) -> None:
        self._numbers = database[_NAME]

    @asking
    async def add(self, entry: DoNotCall, at: datetime) -> Added:
        """Put a number on the list."""
        document = {"_id": ObjectId(), **plain({**entry.model_dump(), "added_at": at})}
        before = await self._numbers.find_one_and_update(
            {"phone_number": entry.phone_number},
            {"$setOnInsert": {name: value for name, value in document.items() if name != "phone_number"}},
            upsert=True,
            return_document=ReturnDocument.BEFORE,
        )
        return Added(_listed(before or document), is_new=before is None)

    @asking
    async def find(self, phone_number: str) -> ListedNumber | None:
        """The entry of a number."""
        found = await self._numbers.find_one({"phone_number": phone_number})
        return _listed(found) if found else None

    @asking
    async def page(self, *, page_size: int, page_token: str | None) -> Page[ListedNumber]:
        """A page of the list in the order in which it grew. Raises BadPageTokenError."""
        query: Document = {}
        if page_token is not None:
            last = object_id(position(page_token, _NAME, str)[0])
            if last is None:
                raise BadPageTokenError("not a page token")
            query = {"_id": {"$gt": last}}
        found = await self._numbers.find(query).sort("_id", ASCENDING).limit(page_size + 1).to_list(length=None)
        total = await self._numbers.count_documents({})
        following = token(_NAME, str(found[page_size - 1]["_id"])) if len(found) > page_size else None
        return Page([_listed(document) for document in found[:page_size]], following, total)

    @asking
    async def remove(self, phone_number: str) -> bool:
        """Take a number off the list; False when it is not on it."""
        deleted = await self._numbers.delete_one({"phone_number": phone_number})
        return deleted.deleted_count == 1


def _listed(document: Document) -> ListedNumber:
    return ListedNumber(**{name: document[name] for name in ListedNumber.model_fields})
