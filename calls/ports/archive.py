"""Where recordings are kept."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ArchivedAudio:
    """A recording in the archive. `sha256` is hex."""

    archive_id: str
    size_bytes: int
    sha256: str


class RecordingArchive(Protocol):
    """Keeps recordings, whole or not at all."""

    async def keep(self, call_id: str, recording_id: str, audio: AsyncIterator[bytes]) -> ArchivedAudio:
        """Store a stream; the same recording again replaces a broken one and returns a whole one unchanged."""
        ...

    async def size(self, archive_id: str) -> int | None:
        """Bytes, or None when unknown."""
        ...

    def read(self, archive_id: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in chunks."""
        ...

    async def delete(self, archive_id: str) -> None:
        """Forget a recording; no error when it is gone already."""
        ...
