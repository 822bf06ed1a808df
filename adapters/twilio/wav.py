"""Whether a stream is a whole WAV file: the header says how long it must be.

A transfer with a content length is checked by the client library; one that simply ends is not, and an answer of a proxy
in between has any length that it likes.
"""

import struct
from collections.abc import AsyncGenerator, AsyncIterator

from calls.ports.carrier import CarrierError

_HEAD = struct.Struct("<4sI4s")
_OPEN_ENDED = (0, 0xFFFFFFFF)
"""What a writer that does not know the length yet puts in its place."""


async def whole(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same pieces. Raises CarrierError where they begin as no WAV file, and at their end when some are missing."""
    head, length, promised = b"", 0, None
    async for piece in pieces:
        length += len(piece)
        if promised is None:
            head += piece
            if len(head) < _HEAD.size:
                continue
            promised, piece = _promised(head), head  # noqa: PLW2901 - what was held back goes first
        yield piece
    if promised is None:
        raise CarrierError(f"the recording was cut short: {length} bytes", permanent=False)
    if length < promised:
        raise CarrierError(f"the recording was cut short: {length} of {promised} bytes", permanent=False)


def _promised(head: bytes) -> int:
    """The length that a header promises, at least; as long as the header where it promises none."""
    riff, size, form = _HEAD.unpack_from(head)
    if (riff, form) != (b"RIFF", b"WAVE"):
        raise CarrierError("what came for the recording is no WAV file", permanent=False)
    return _HEAD.size if size in _OPEN_ENDED else size + 8
