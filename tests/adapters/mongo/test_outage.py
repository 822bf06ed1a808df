"""MongoDB killed in the middle: what was acknowledged is there afterwards, over the same connection."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.mongo.archive import PIECE_BYTES, MongoRecordingArchive
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import ANSWER_SECONDS, connect
from adapters.mongo.indexes import ensure_indexes
from calls.ports.call_store import Claim
from calls.ports.pages import StoreUnavailableError
from runtime.embedded.engines import REPLICA_SET, mongod
from runtime.embedded.part import Part
from runtime.embedded.ports import choose
from tests.adapters.mongo.orders import new_call, said

T = TypeVar("T")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[tuple[Part, str]]:
    """A mongod of this test's own, to be killed."""
    port = choose(["mongod"], {})["mongod"]
    part = Part(mongod(port, tmp_path / "data", {}), tmp_path)
    await part.start()
    yield part, f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"
    await part.kill()


async def test_what_was_acknowledged_survives_a_kill(engine: tuple[Part, str]) -> None:
    """While MongoDB is gone every request says so; once it is back, nothing that it had acknowledged is missing."""
    part, uri = engine
    database = connect(uri, "test", selection_ms=200)
    await ensure_indexes(database)
    store, archive = MongoCallStore(database), MongoRecordingArchive(database)
    new = new_call("c1")
    await store.register(new)
    await store.claim("c1", "a1", "CA1")
    await store.append_message("c1", said(0))
    await part.kill()
    requests: list[Callable[[], Awaitable[object]]] = [
        lambda: store.register(new_call("c2")),
        lambda: store.append_message("c1", said(1)),
        lambda: archive.size("f" * 24),
    ]
    for request in requests:
        with pytest.raises(StoreUnavailableError):
            await request()
    await part.start()
    async with asyncio.timeout(20):
        found = await _once_back(lambda: store.find("c1"))
    assert found is not None
    assert found.order == new.order
    assert await store.messages("c1") == [said(0)]
    assert await store.claim("c1", "a1", "CA2") is Claim.ANOTHER_HOLDS_IT
    database.client.close()


async def test_a_recording_is_whole_though_the_server_died_in_the_middle_of_it(engine: tuple[Part, str]) -> None:
    """Its first piece was acknowledged; the server dies, is back at once, and takes the rest and the row."""
    part, uri = engine
    database = connect(uri, "test", selection_ms=10_000)
    await ensure_indexes(database)
    archive = MongoRecordingArchive(database)

    async def sound() -> AsyncIterator[bytes]:
        yield b"a" * PIECE_BYTES
        await part.kill()
        await part.start()
        yield b"b"

    async with asyncio.timeout(30):
        kept = await archive.keep("c1", "RE1", sound())
        pieces = [piece async for piece in archive.read(kept.archive_id)]
    assert b"".join(pieces) == b"a" * PIECE_BYTES + b"b"
    database.client.close()


@pytest.mark.slow
async def test_whoever_asks_a_server_that_stands_still_is_told_so_in_time(engine: tuple[Part, str]) -> None:
    """Its connections are open and silent: more askers than the driver has threads all hear it before they give up."""
    part, uri = engine
    database = connect(uri, "test")
    store = MongoCallStore(database)
    await store.find("c1")
    assert part.pid is not None
    os.kill(part.pid, signal.SIGSTOP)
    begun = time.monotonic()
    answers = await asyncio.gather(*(store.find("c1") for _ in range(50)), return_exceptions=True)
    took = time.monotonic() - begun
    os.kill(part.pid, signal.SIGCONT)
    database.client.close()
    assert {type(answer) for answer in answers} == {StoreUnavailableError}
    assert took < ANSWER_SECONDS + 2


async def _once_back(request: Callable[[], Awaitable[T]]) -> T:
    """The driver needs a moment to see that the server is back; each try waits for it by itself."""
    while True:
        try:
            return await request()
        except StoreUnavailableError:
            continue
