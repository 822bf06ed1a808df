"""One call from the command line, from the dial to its recording, over the whole stack."""

import io
import os
import uuid
import wave
from pathlib import Path
from typing import Any

import pytest

from tests.starter.conftest import ALICE, BOB, CALLER, Ended, Starter


@pytest.fixture(scope="module")
async def alice(starter: Starter) -> Ended:
    """A call to Alice, watched to its end as JSON lines."""
    return await starter("dial", "--from", CALLER, "--to", ALICE, "--call-id", "alice-1", "--watch", "--json")


async def test_a_watched_call_tells_its_story(alice: Ended) -> None:
    """Every step is told once, the words are heard as they fall, and the code says that it ended well."""
    assert alice.code == 0, alice.err
    events = [line["event"] for line in alice.lines]
    told = [event for event in events if event not in ("message", "detected")]
    assert told[:6] == ["registered", "dialling", "placing", "ringing", "answered", "connected"]
    assert {"ended", "recording"} <= set(told)
    assert len(told) == len(set(told))
    roles = {line["role"] for line in alice.lines if line["event"] == "message"}
    assert roles == {"agent", "user"}


async def test_a_watched_call_ends_with_its_record(alice: Ended) -> None:
    """The last line is the call object, whole."""
    call: dict[str, Any] = alice.lines[-1]["call"]
    assert (call["call_id"], call["call_status"]) == ("alice-1", "ended")
    assert call["call_finish_reason"] == "agent_ended_call"
    assert len(call["messages"]) >= 4
    assert call["recorded_call_audio_url"]
    assert call["web_ui_url"].endswith("/namespaces/default/workflows/call-alice-1")


async def test_what_a_call_leaves_can_be_read(alice: Ended, starter: Starter) -> None:
    """Status, list and transcript agree about the call, by either of its ids."""
    by_own_id = (await starter("status", "alice-1", "--json")).json
    listing = (await starter("list", "--to", ALICE, "--status", "ended", "--limit", "1", "--json")).json
    transcript = (await starter("transcript", by_own_id["_id"], "--json")).json
    assert listing["calls"][0]["_id"] == by_own_id["_id"]
    assert transcript["messages"] == by_own_id["messages"]


async def test_a_recording_is_saved_once(alice: Ended, starter: Starter, tmp_path: Path) -> None:
    """The file is a playable WAV; one that is there is not overwritten without being told to."""
    target = tmp_path / "alice.wav"
    saved = await starter("recording", "alice-1", "-o", str(target), "--json")
    assert saved.code == 0, saved.err
    with wave.open(io.BytesIO(target.read_bytes())) as audio:
        assert audio.getnframes() > 0
        assert audio.getnchannels() == 2
    refused = await starter("recording", "alice-1", "-o", str(target))
    assert (refused.code, refused.out) == (4, "")
    assert "--force" in refused.err
    assert os.listdir(tmp_path) == ["alice.wav"]  # noqa: PTH208 - no waiting is involved


async def test_a_repeated_request_dials_nothing(alice: Ended, starter: Starter) -> None:
    """The same call id shows the call that is; with another request it is a conflict that names the difference."""
    same = await starter("dial", "--from", CALLER, "--to", ALICE, "--call-id", "alice-1", "--json")
    assert (same.code, same.json["created"], same.json["call_status"]) == (0, False, "ended")
    other = await starter("dial", "--from", CALLER, "--to", BOB, "--call-id", "alice-1")
    assert (other.code, other.out) == (4, "")
    assert "to_number" in other.err


async def test_a_call_that_ends_badly_is_told_by_the_exit_code(starter: Starter) -> None:
    """Bob's line is busy: text for people, and exit code 1."""
    call_id = f"bob-{uuid.uuid4().hex[:8]}"
    bob = await starter("dial", "--from", CALLER, "--to", BOB, "--call-id", call_id, "--watch")
    assert bob.code == 1, bob.err
    assert "line_busy: The callee's line was busy." in bob.out
    assert f"workflows/call-{call_id}" in bob.out
