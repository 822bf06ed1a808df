"""What the demo insists on before it says that all is well."""

import wave
from pathlib import Path

import pytest

from runtime.embedded.demo import faults_of, listen

MESSAGES = [{"role": "agent", "content": "Hello"}] * 4
COMPLETE = {
    "call_id": "c1",
    "call_finish_reason": "agent_ended_call",
    "messages": MESSAGES,
    "recorded_call_audio_url": "https://ringback.test/v1/calls/c1/recording",
}


def silence(path: Path, frames: int) -> Path:
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(2)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(b"\0" * 4 * frames)
    return path


def test_a_complete_record_has_no_fault() -> None:
    """A finish reason, four messages and a recording are what a call must leave."""
    assert faults_of(COMPLETE) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"call_finish_reason": None}, "it has no call_finish_reason"),
        ({"messages": MESSAGES[:3]}, "it has 3 messages, not 4 or more"),
        ({"messages": None}, "it has 0 messages, not 4 or more"),
        ({"recorded_call_audio_url": None}, "it has no recorded_call_audio_url"),
    ],
)
def test_what_a_record_lacks_is_named(change: dict[str, object], fault: str) -> None:
    """Each thing that is missing is one fault."""
    assert faults_of({**COMPLETE, **change}) == [fault]


def test_no_call_at_all_is_a_fault() -> None:
    """A starter that registered nothing is noticed."""
    assert faults_of({}) == ["no call was registered"]


def test_a_recording_is_listened_to(tmp_path: Path) -> None:
    """Sound is fine; silence of no length, and what is no sound at all, are not."""
    said: list[str] = []
    assert listen(silence(tmp_path / "good.wav", 8000), said.append) == []
    assert "1.0 s, 2 channels" in said[0]
    assert "is empty" in listen(silence(tmp_path / "empty.wav", 0), said.append)[0]
    (tmp_path / "page.wav").write_text("<html>not found</html>")
    assert "is not playable" in listen(tmp_path / "page.wav", said.append)[0]
