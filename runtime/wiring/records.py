"""The stored calls alone, for whoever compares them with something else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import connect
from calls.ports.call_store import CallStore


@asynccontextmanager
async def opened_records(mongodb_uri: str, mongodb_database: str) -> AsyncIterator[CallStore]:
    """The store of calls, closed afterwards."""
    database = connect(mongodb_uri, mongodb_database)
    try:
        yield MongoCallStore(database)
    finally:
        database.client.close()
