"""Recordings, in memory and in GridFS alike."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from adapters.mongo.archive import MongoRecordingArchive
from adapters.mongo.database import Database
from calls.ports.archive import RecordingArchive
from calls.ports.pages import StoreUnavailableError

SOUND = bytes(range(256)) * 4096  # 1 MiB: several pieces, the last one cut
HEX = "f" * 24


async def _stream(sound: bytes = SOUND, *, size: int = 10_007) -> AsyncIterator[bytes]:
    for at in range(0, len(sound), size):
        yield sound[at : at + size]


async def _broken_stream() -> AsyncIterator[bytes]:
    yield SOUND
    raise ConnectionResetError("the carrier went away")


async def _read(archive: RecordingArchive, archive_id: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in archive.read(archive_id, start=start, end=end)])


async def test_a_recording_comes_back_whole(archive: RecordingArchive) -> None:
    """What was kept is read back byte for byte, with its length and digest."""
    kept = await archive.keep("c1", "RE1", _stream())
    assert (kept.size_bytes, kept.sha256) == (len(SOUND), hashlib.sha256(SOUND).hexdigest())
    assert await archive.size(kept.archive_id) == len(SOUND)
    assert await _read(archive, kept.archive_id) == SOUND


@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (1, 3), (261_119, 261_122), (500_000, None), (0, 10**9), (len(SOUND), None), (7, 7)]
)
async def test_ranges(archive: RecordingArchive, start: int, end: int | None) -> None:
    """Any range is given exactly, across the borders of pieces too."""
    kept = await archive.keep("c1", "RE1", _stream())
    assert await _read(archive, kept.archive_id, start, end) == SOUND[start:end]


async def test_the_same_recording_again_is_the_same(archive: RecordingArchive) -> None:
    """A recording that is kept already is given back unchanged, whatever the stream says."""
    kept = await archive.keep("c1", "RE1", _stream())
    assert await archive.keep("c1", "RE1", _stream(b"other")) == kept
    assert await archive.keep("c1", "RE2", _stream(b"other")) != kept


async def test_an_empty_recording_is_kept(archive: RecordingArchive) -> None:
    """A recording without a byte is a recording."""
    kept = await archive.keep("c1", "RE1", _stream(b""))
    assert await archive.size(kept.archive_id) == 0
    assert await _read(archive, kept.archive_id) == b""
    assert await archive.keep("c1", "RE1", _stream()) == kept


async def test_a_broken_stream_leaves_nothing(archive: RecordingArchive) -> None:
    """A stream that breaks keeps nothing, and the next attempt starts afresh."""
    with pytest.raises(ConnectionResetError):
        await archive.keep("c1", "RE1", _broken_stream())
    kept = await archive.keep("c1", "RE1", _stream(b"whole"))
    assert await _read(archive, kept.archive_id) == b"whole"


async def test_a_deleted_recording_is_gone(archive: RecordingArchive) -> None:
    """Forgetting a recording, twice too, leaves neither its size nor its bytes."""
    kept = await archive.keep("c1", "RE1", _stream())
    for _ in range(2):
        await archive.delete(kept.archive_id)
    assert await archive.size(kept.archive_id) is None
    with pytest.raises(LookupError):
        await _read(archive, kept.archive_id)


@pytest.mark.parametrize("unknown", [HEX, "nonsense"])
async def test_unknown_recordings(archive: RecordingArchive, unknown: str) -> None:
    """What is not there has no size, cannot be read, and need not be deleted."""
    assert await archive.size(unknown) is None
    with pytest.raises(LookupError):
        await _read(archive, unknown)
    await archive.delete(unknown)


async def test_two_uploads_at_once_keep_one_recording(mongodb: Database) -> None:
    """Two workers that archive the same recording do not mix: one is kept, and no piece of the other stays."""
    archive = MongoRecordingArchive(mongodb)
    kept = await asyncio.gather(*(archive.keep("c1", "RE1", _stream(SOUND, size=size)) for size in (9_001, 70_001)))
    assert kept[0] == kept[1]
    assert await _read(archive, kept[0].archive_id) == SOUND
    owners = await mongodb["recordings.chunks"].distinct("files_id")
    assert [str(owner) for owner in owners] == [kept[0].archive_id]
    assert await mongodb["recordings.uploads"].count_documents({}) == 0


async def test_a_cancelled_upload_leaves_no_piece(mongodb: Database) -> None:
    """An upload that is cancelled half-way cleans up after itself."""
    reached = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield SOUND
        reached.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(MongoRecordingArchive(mongodb).keep("c1", "RE1", endless()))
    await reached.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert await mongodb["recordings.chunks"].count_documents({}) == 0
    assert await mongodb["recordings.uploads"].count_documents({}) == 0


async def test_a_recording_with_missing_pieces_is_replaced(mongodb: Database) -> None:
    """A recording that lost a piece is not taken for whole: keeping it again replaces it."""
    archive = MongoRecordingArchive(mongodb)
    broken = await archive.keep("c1", "RE1", _stream())
    await mongodb["recordings.chunks"].delete_one({"n": 2})
    kept = await archive.keep("c1", "RE1", _stream())
    assert kept.archive_id != broken.archive_id
    assert await _read(archive, kept.archive_id) == SOUND


async def test_pieces_of_the_dead_are_swept(mongodb: Database) -> None:
    """What a process killed in mid-upload left behind goes with a later upload; a young upload is left alone."""
    now = datetime.now(UTC)
    for name, age in (("old", timedelta(hours=7)), ("young", timedelta(hours=1))):
        await mongodb["recordings.uploads"].insert_one({"_id": name, "recording_id": name, "at": now - age})
        await mongodb["recordings.chunks"].insert_one({"files_id": name, "n": 0, "data": b"piece"})
    await MongoRecordingArchive(mongodb).keep("c1", "RE1", _stream(b""))
    assert await mongodb["recordings.chunks"].distinct("files_id") == ["young"]
    assert await mongodb["recordings.uploads"].distinct("_id") == ["young"]


class AnswersTooLate:
    """The collection of a MongoDB that stood still: it does what it was asked when the asker has given up."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self._asked: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def insert_one(self, row: Any) -> None:
        self._asked.append(row)
        raise AutoReconnect("no answer")

    async def wake(self) -> None:
        for row in self._asked:
            await self._collection.insert_one(row)


async def test_a_row_that_is_written_late_has_its_pieces(mongodb: Database) -> None:
    """Whoever wrote it had no answer and may not take the pieces away: the next attempt finds the recording whole."""
    archive = MongoRecordingArchive(mongodb)
    archive._files = late = AnswersTooLate(archive._files)  # type: ignore[assignment]
    with pytest.raises(StoreUnavailableError):
        await archive.keep("c1", "RE1", _stream())
    await late.wake()
    kept = await MongoRecordingArchive(mongodb).keep("c1", "RE1", _stream(b"another"))
    assert (kept.size_bytes, await _read(archive, kept.archive_id)) == (len(SOUND), SOUND)
