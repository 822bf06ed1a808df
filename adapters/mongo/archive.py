"""Recordings in GridFS.

A recording exists when its row in `recordings.files` does, which is written last: until then its pieces belong to
nobody. Each upload has an id of its own, so that two at once cannot mix; the unique file name (the recording id)
lets one of them win. What a killed process left behind is listed in `recordings.uploads` and swept by later uploads.
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from bson import Int64, ObjectId
from gridfs.errors import NoFile
from motor.motor_asyncio import AsyncIOMotorGridFSBucket
from pymongo.errors import DuplicateKeyError

from adapters.mongo.database import Database, Document, asking, translated
from adapters.mongo.paging import object_id
from calls.ports.archive import ArchivedAudio
from calls.ports.pages import StoreUnavailableError

BUCKET = "recordings"
PIECE_BYTES = 255 * 1024
"""GridFS's own chunk size; about the most of a recording that is in memory at once."""
ABANDONED_AFTER = timedelta(hours=6)
"""Longer than any upload may take, so that no living one is swept."""


class MongoRecordingArchive:
    """Keeps recordings, whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._files = database[f"{BUCKET}.files"]
        # Each piece waits for the journals of a majority, as the row does: a server that dies between the two and is
        # soon back would have the row, and not what was only in its memory.
        self._chunks = database[f"{BUCKET}.chunks"]
        self._uploads = database[f"{BUCKET}.uploads"]
        self._bucket = AsyncIOMotorGridFSBucket(database, BUCKET, PIECE_BYTES)

    async def keep(self, call_id: str, recording_id: str, audio: AsyncIterator[bytes]) -> ArchivedAudio:
        """Store a stream; the same recording again replaces a broken one and returns a whole one unchanged.

        Raises StoreUnavailableError, and whatever the stream raises; then nothing is kept.
        """
        with translated():
            kept = await self._whole(recording_id)
            if kept is not None:
                return kept
            await self._sweep()
        return await self._upload(call_id, recording_id, audio)

    @asking
    async def size(self, archive_id: str) -> int | None:
        """Bytes, or None when unknown."""
        found = await self._files.find_one({"_id": object_id(archive_id)}, {"length": 1})
        return int(found["length"]) if found else None

    async def read(self, archive_id: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in chunks. Raises LookupError when unknown."""
        with translated():
            try:
                stream = await self._bucket.open_download_stream(object_id(archive_id))
            except NoFile:
                raise LookupError(f"no recording {archive_id}") from None
            stop = stream.length if end is None else min(end, stream.length)
            stream.seek(min(start, stream.length))
        while (wanted := min(PIECE_BYTES, stop - stream.tell())) > 0:
            with translated():
                piece: bytes = await stream.read(wanted)
            yield piece

    @asking
    async def delete(self, archive_id: str) -> None:
        """Forget a recording; no error when it is gone already."""
        try:
            await self._bucket.delete(object_id(archive_id))
        except NoFile:
            return

    async def _upload(self, call_id: str, recording_id: str, audio: AsyncIterator[bytes]) -> ArchivedAudio:
        """Store the stream under an id of its own. The row that makes it a recording is written here, last."""
        upload_id = ObjectId()
        with translated():
            await self._uploads.insert_one({"_id": upload_id, "recording_id": recording_id, "at": datetime.now(UTC)})
        try:
            length, sha256 = await self._write_chunks(upload_id, audio)
        except BaseException:
            # Also when cancelled: the pieces belong to nobody now. Should MongoDB be away, the sweep finds them.
            with contextlib.suppress(StoreUnavailableError), translated():
                await self._discard(upload_id)
            raise
        row = {
            "_id": upload_id,
            "length": Int64(length),
            "chunkSize": PIECE_BYTES,
            "uploadDate": datetime.now(UTC),
            "filename": recording_id,
            "metadata": {"call_id": call_id, "sha256": sha256},
        }
        try:
            # Without an answer nobody knows whether the row is there, or will be: its pieces are left to the sweep.
            with translated():
                await self._files.insert_one(row)
        except DuplicateKeyError:
            return await self._lost_race(recording_id, upload_id)
        with translated():
            await self._uploads.delete_one({"_id": upload_id})
        return _archived(row)

    async def _write_chunks(self, upload_id: ObjectId, audio: AsyncIterator[bytes]) -> tuple[int, str]:
        """Store a stream's pieces as the GridFS specification lays them out; their length and SHA-256.

        The driver's own writer holds 32 MB per upload in memory; this one holds one piece.
        """
        digest, length = hashlib.sha256(), 0
        async for number, piece in _numbered(_pieces(audio)):
            digest.update(piece)
            length += len(piece)
            with translated():
                await self._chunks.insert_one({"files_id": upload_id, "n": number, "data": piece})
        return length, digest.hexdigest()

    async def _lost_race(self, recording_id: str, upload_id: ObjectId) -> ArchivedAudio:
        with translated():
            await self._discard(upload_id)
            kept = await self._whole(recording_id)
        if kept is None:
            raise LookupError(f"recording {recording_id} was kept by another upload and is gone again")
        return kept

    async def _whole(self, recording_id: str) -> ArchivedAudio | None:
        """The recording as it is kept; one with missing pieces is forgotten."""
        found = await self._files.find_one({"filename": recording_id})
        if found is None:
            return None
        size = {"$group": {"_id": None, "bytes": {"$sum": {"$binarySize": "$data"}}}}
        stored = await self._chunks.aggregate([{"$match": {"files_id": found["_id"]}}, size]).to_list(length=None)
        if (stored[0]["bytes"] if stored else 0) == found["length"]:
            return _archived(found)
        await self._bucket.delete(found["_id"])
        return None

    async def _sweep(self) -> None:
        """Drop the pieces of uploads whose process died."""
        long_ago = datetime.now(UTC) - ABANDONED_AFTER
        for upload in await self._uploads.find({"at": {"$lt": long_ago}}).to_list(length=100):
            await self._discard(upload["_id"])

    async def _discard(self, upload_id: ObjectId) -> None:
        """Drop an upload's pieces, unless it became a recording."""
        if await self._files.find_one({"_id": upload_id}, {"_id": 1}) is None:
            await self._chunks.delete_many({"files_id": upload_id})
        await self._uploads.delete_one({"_id": upload_id})


def _archived(found: Document) -> ArchivedAudio:
    return ArchivedAudio(str(found["_id"]), int(found["length"]), found["metadata"]["sha256"])


async def _pieces(audio: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream cut into pieces of one size, the last one shorter."""
    held = bytearray()
    async for more in audio:
        held += more
        while len(held) >= PIECE_BYTES:
            yield bytes(held[:PIECE_BYTES])
            del held[:PIECE_BYTES]
    if held:
        yield bytes(held)


async def _numbered(pieces: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    number = 0
    async for piece in pieces:
        yield number, piece
        number += 1
