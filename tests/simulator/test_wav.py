"""Recordings as sound."""

import io
import tracemalloc
import wave
from array import array

from simulator.leg import Sound
from simulator.wav import RATE, length, render


def _samples(channels: int) -> "array[int]":
    sounds = [Sound(1, 0.5, 1.0), Sound(2, 1.25, 2.0)]
    media = b"".join(render(2.5, channels, sounds))
    assert len(media) == length(2.5, channels)
    with wave.open(io.BytesIO(media)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (channels, RATE, 20000)
        return array("h", file.readframes(20000))


def test_each_side_is_heard_on_its_own_channel_when_it_spoke() -> None:
    """The callee is on the first channel, our side on the second, and silence is silent."""
    both = _samples(2)
    callee, ours = both[0::2], both[1::2]
    assert any(callee[4000:8000])
    assert not any(callee[:4000])
    assert not any(callee[8000:])
    assert any(ours[10000:16000])
    assert not any(ours[:10000])
    assert not any(ours[16000:])


def test_one_channel_is_the_mix_of_both() -> None:
    """Mono has half of each side."""
    both, mono = _samples(2), _samples(1)
    assert mono == array("h", ((a + b) // 2 for a, b in zip(both[0::2], both[1::2], strict=True)))


def test_an_hour_does_not_sit_in_memory() -> None:
    """An hour of two channels is 115 MB on the wire and less than two in memory."""
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in render(3600, 2, []))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == length(3600, 2) == 44 + 3600 * RATE * 4
    assert peak < 2_000_000
