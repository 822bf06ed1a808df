"""Agents and phone numbers in MongoDB."""

from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from adapters.mongo.call_documents import agent_fields
from adapters.mongo.database import Database, Document, asking
from adapters.mongo.paging import object_id, position, token
from calls.agents import Agent, AgentSettings, NumberSettings, PhoneNumber
from calls.ports.agent_store import AgentInUseError, NumberTakenError
from calls.ports.pages import BadPageTokenError, Page


class MongoAgentStore:
    """Keeps agents and numbers. Listings are in the order of creation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asking
    async def add_agent(self, settings: AgentSettings) -> Agent:
        """Store a new agent."""
        document = {"_id": ObjectId(), **_fields(settings)}
        await self._database.agents.insert_one(document)
        return _agent(document)

    @asking
    async def put_agent(self, agent_id: str, settings: AgentSettings) -> Agent | None:
        """Replace an agent's settings; None when unknown."""
        found = await self._database.agents.find_one_and_replace(
            {"_id": object_id(agent_id)}, _fields(settings), return_document=ReturnDocument.AFTER
        )
        return _agent(found) if found else None

    @asking
    async def agent(self, agent_id: str) -> Agent | None:
        """One agent."""
        found = await self._database.agents.find_one({"_id": object_id(agent_id)})
        return _agent(found) if found else None

    @asking
    async def agents(self, *, page_size: int, page_token: str | None) -> Page[Agent]:
        """A page of agents. Raises BadPageTokenError."""
        found, following, total = await self._page("agents", page_size, page_token)
        return Page([_agent(document) for document in found], following, total)

    @asking
    async def delete_agent(self, agent_id: str) -> bool:
        """Forget an agent; False when unknown. Raises AgentInUseError while a phone number is bound to it."""
        bound = {"$or": [{"outbound_ai_agent_id": agent_id}, {"inbound_ai_agent_id": agent_id}]}
        number = await self._database.numbers.find_one(bound)
        if number is not None:
            raise AgentInUseError(f"the agent is bound to {number['phone_number']}")
        deleted = await self._database.agents.delete_one({"_id": object_id(agent_id)})
        return deleted.deleted_count == 1

    @asking
    async def add_number(self, settings: NumberSettings) -> PhoneNumber:
        """Store a new phone number. Raises NumberTakenError."""
        document = {"_id": ObjectId(), **_fields(settings)}
        try:
            await self._database.numbers.insert_one(document)
        except DuplicateKeyError:
            raise NumberTakenError(f"{settings.phone_number} is stored already") from None
        return _number(document)

    @asking
    async def put_number(self, number_or_id: str, settings: NumberSettings) -> PhoneNumber | None:
        """Replace a phone number's settings; None when unknown. Raises NumberTakenError."""
        try:
            found = await self._database.numbers.find_one_and_replace(
                _named(number_or_id), _fields(settings), return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            raise NumberTakenError(f"{settings.phone_number} is stored already") from None
        return _number(found) if found else None

    @asking
    async def number(self, number_or_id: str) -> PhoneNumber | None:
        """One phone number."""
        found = await self._database.numbers.find_one(_named(number_or_id))
        return _number(found) if found else None

    @asking
    async def numbers(self, *, page_size: int, page_token: str | None) -> Page[PhoneNumber]:
        """A page of phone numbers. Raises BadPageTokenError."""
        found, following, total = await self._page("numbers", page_size, page_token)
        return Page([_number(document) for document in found], following, total)

    @asking
    async def delete_number(self, number_or_id: str) -> bool:
        """Forget a phone number; False when unknown."""
        deleted = await self._database.numbers.delete_one(_named(number_or_id))
        return deleted.deleted_count == 1

    async def _page(self, collection: str, size: int, page_token: str | None) -> tuple[list[Document], str | None, int]:
        query: Document = {}
        if page_token is not None:
            last = object_id(position(page_token, collection, str)[0])
            if last is None:
                raise BadPageTokenError("not a page token")
            query = {"_id": {"$gt": last}}
        found = await self._database[collection].find(query).sort("_id", ASCENDING).limit(size + 1).to_list(length=None)
        total = await self._database[collection].count_documents({})
        following = token(collection, str(found[size - 1]["_id"])) if len(found) > size else None
        return found[:size], following, total


def _named(number_or_id: str) -> Document:
    record_id = object_id(number_or_id)
    return {"phone_number": number_or_id} if record_id is None else {"_id": record_id}


def _fields(settings: AgentSettings | NumberSettings) -> Document:
    fields: dict[str, Any] = settings.model_dump(mode="json")
    return fields


def _agent(document: Document) -> Agent:
    return Agent(ai_agent_id=str(document["_id"]), **agent_fields(document))


def _number(document: Document) -> PhoneNumber:
    known = {name: document[name] for name in NumberSettings.model_fields if name in document}
    return PhoneNumber(id=str(document["_id"]), **known)
