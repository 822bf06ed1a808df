"""What every room's tests may use: a real MongoDB, started once when a test first asks for it."""

import signal
import uuid
from collections.abc import AsyncIterator

import pytest

from adapters.mongo.database import Database, connect
from adapters.mongo.indexes import ensure_indexes
from runtime.embedded.engines import REPLICA_SET, mongod
from runtime.embedded.part import Part
from runtime.embedded.ports import choose


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs under test: what a shell starts in the background ignores it, and so do they."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
async def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The URI of a single-member replica set on loopback, killed at the end of the run."""
    port = choose(["mongod"], {})["mongod"]
    folder = tmp_path_factory.mktemp("mongod")
    engine = Part(mongod(port, folder / "data", {}), folder)
    await engine.start()
    yield f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"
    await engine.kill()


@pytest.fixture(scope="session")
async def _mongodb(mongodb_uri: str) -> AsyncIterator[Database]:
    """One connection and one set of indexes for the whole run: making them takes longer than most tests."""
    database = connect(mongodb_uri, f"test_{uuid.uuid4().hex}")
    await ensure_indexes(database)
    yield database
    database.client.close()


@pytest.fixture
async def mongodb(_mongodb: Database) -> AsyncIterator[Database]:
    """An empty database with its indexes."""
    yield _mongodb
    for name in await _mongodb.list_collection_names():
        await _mongodb[name].delete_many({})
