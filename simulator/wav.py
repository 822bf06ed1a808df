"""Recordings as WAV: tone bursts where somebody spoke, written second by second so that an hour needs no memory."""

import math
import struct
from array import array
from collections.abc import Iterator
from typing import TypeAlias

from simulator.leg import Sound

Samples: TypeAlias = "array[int]"
RATE = 8000
SAMPLE_BYTES = 2
TONES = {1: 300, 2: 440}
"""Hertz of the callee's channel and of ours: told apart by ear and by test."""
LOUDNESS = 8000


def _tone(hertz: int) -> Samples:
    return array("h", (int(LOUDNESS * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE)))


def header(frames: int, channels: int) -> bytes:
    """Give the 44 bytes before the samples of a 16-bit PCM file."""
    size = frames * channels * SAMPLE_BYTES
    block = channels * SAMPLE_BYTES
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, RATE, RATE * block, block, SAMPLE_BYTES * 8)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)


def length(seconds: float, channels: int) -> int:
    """Give the size of the whole file in bytes."""
    return 44 + int(seconds * RATE) * channels * SAMPLE_BYTES


def render(seconds: float, channels: int, sounds: list[Sound]) -> Iterator[bytes]:
    """Give the file piece by piece; sounds are in seconds from its start. One channel is the mix of both."""
    frames = int(seconds * RATE)
    yield header(frames, channels)
    tones = {channel: _tone(hertz) for channel, hertz in TONES.items()}
    for start in range(0, frames, RATE):
        count = min(RATE, frames - start)
        tracks = {channel: _second(start, count, channel, sounds, tone) for channel, tone in tones.items()}
        yield _join(tracks[1], tracks[2], channels).tobytes()


def _second(start: int, count: int, channel: int, sounds: list[Sound], tone: Samples) -> Samples:
    track = array("h", bytes(count * SAMPLE_BYTES))
    for sound in sounds:
        first = max(0, int(sound.start * RATE) - start)
        last = min(count, int(sound.end * RATE) - start)
        if sound.channel == channel and first < last:
            track[first:last] = tone[first:last]
    return track


def _join(callee: Samples, ours: Samples, channels: int) -> Samples:
    if channels == 1:
        return array("h", ((a + b) // 2 for a, b in zip(callee, ours, strict=True)))
    both = array("h", bytes(len(callee) * 2 * SAMPLE_BYTES))
    both[0::2] = callee
    both[1::2] = ours
    return both
