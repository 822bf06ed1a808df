"""Recordings in memory: what the archive's port promises, without a database."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from calls.ports.archive import ArchivedAudio

_CHUNK = 64 * 1024


@dataclass
class FakeRecordingArchive:
    """Keeps recordings as bytes, by archive id."""

    audio: dict[str, bytes] = field(default_factory=dict)
    by_recording: dict[str, ArchivedAudio] = field(default_factory=dict)

    async def keep(self, call_id: str, recording_id: str, audio: AsyncIterator[bytes]) -> ArchivedAudio:
        if kept := self.by_recording.get(recording_id):
            return kept
        whole = b"".join([piece async for piece in audio])
        archive_id = f"{len(self.audio) + 1:024x}"
        self.audio[archive_id] = whole
        kept = ArchivedAudio(archive_id, len(whole), hashlib.sha256(whole).hexdigest())
        return self.by_recording.setdefault(recording_id, kept)

    async def size(self, archive_id: str) -> int | None:
        return len(self.audio[archive_id]) if archive_id in self.audio else None

    async def read(self, archive_id: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        if archive_id not in self.audio:
            raise LookupError(f"no recording {archive_id}")
        wanted = self.audio[archive_id][start:end]
        for at in range(0, len(wanted), _CHUNK):
            yield wanted[at : at + _CHUNK]

    async def delete(self, archive_id: str) -> None:
        self.audio.pop(archive_id, None)
        self.by_recording = {name: kept for name, kept in self.by_recording.items() if kept.archive_id != archive_id}
