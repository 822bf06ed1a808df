"""The connection, its indexes, and what an absent MongoDB is called."""

import pytest

from adapters.mongo.agent_store import MongoAgentStore
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import Database, connect, ping
from adapters.mongo.indexes import IndexesMissingError, check_indexes, ensure_indexes
from calls.ports.call_store import CallFilter
from calls.ports.pages import StoreRefusedError, StoreUnavailableError
from runtime.embedded.ports import choose
from tests.adapters.mongo.orders import AGENT, new_call


async def test_indexes_can_be_ensured_again(mongodb: Database) -> None:
    """Every process may create the indexes at its start; what is there stays."""
    await ensure_indexes(mongodb)
    await check_indexes(mongodb)
    await ping(mongodb)


async def test_an_index_of_an_earlier_release_learns_its_time(mongodb: Database) -> None:
    """Documents are kept as long as this release says, without an index being built anew."""
    change = {"name": "at_1", "expireAfterSeconds": 172_800}
    await mongodb.command("collMod", "registrations", index=change)
    with pytest.raises(IndexesMissingError, match=r"registrations\.at_1"):
        await check_indexes(mongodb)
    await ensure_indexes(mongodb)
    assert (await mongodb.registrations.index_information())["at_1"]["expireAfterSeconds"] == 2_592_000


async def test_a_missing_index_is_noticed(mongodb: Database) -> None:
    """An index that is gone, or no longer unique, is named."""
    await mongodb.messages.drop_index("call_id_1_seq_1")
    await mongodb.messages.create_index([("call_id", 1), ("seq", 1)], name="call_id_1_seq_1")
    with pytest.raises(IndexesMissingError, match=r"messages\.call_id_1_seq_1"):
        await check_indexes(mongodb)
    await mongodb.messages.drop_index("call_id_1_seq_1")
    await ensure_indexes(mongodb)


async def test_listings_use_an_index(mongodb: Database) -> None:
    """The listing's query and order are served by an index, not by sorting every call."""
    found = mongodb.calls.find({"agent_id": "a"}).sort([("registered_at", -1), ("_id", -1)])
    plan = await found.explain()
    assert "SORT" not in str(plan["queryPlanner"]["winningPlan"])


async def test_a_wrong_password_is_told_in_the_ports_words(mongodb_uri: str) -> None:
    """It is no absence, and no fault of ours: whoever set the address can mend it."""
    database = connect(mongodb_uri.replace("://", "://nobody:wrong@"), "test")
    with pytest.raises(StoreRefusedError, match="user and password"):
        await ping(database)
    with pytest.raises(StoreRefusedError):
        await MongoCallStore(database).find("c1")
    database.client.close()


async def test_an_absent_mongodb_is_told_in_the_ports_words() -> None:
    """When nobody answers, every store says StoreUnavailableError, soon."""
    port = choose(["nobody"], {})["nobody"]
    database = connect(f"mongodb://127.0.0.1:{port}/?directConnection=true", "test", selection_ms=50)
    try:
        with pytest.raises(StoreUnavailableError):
            await ping(database)
        with pytest.raises(StoreUnavailableError):
            await MongoCallStore(database).page(CallFilter())
        with pytest.raises(StoreUnavailableError):
            await MongoAgentStore(database).agent("f" * 24)
    finally:
        database.client.close()


async def test_records_of_another_release_can_be_read(mongodb: Database) -> None:
    """Fields that another release kept in an agent or in a call's snapshot of it do not stop anybody reading."""
    store, agents = MongoCallStore(mongodb), MongoAgentStore(mongodb)
    stored = (await store.register(new_call("c1"))).stored
    agent = await agents.add_agent(AGENT)
    gone = {"agent.temper": "mild", "agent.voicemail.beeps": 2, "plan.colour": "red", "temper": 1, "voicemail.beeps": 2}
    await mongodb.calls.update_many({}, {"$set": gone})
    await mongodb.agents.update_many({}, {"$set": gone})
    assert await store.find("c1") == stored
    assert await agents.agent(agent.ai_agent_id) == agent
