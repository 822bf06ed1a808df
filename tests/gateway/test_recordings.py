"""GET and HEAD of /v1/calls/{call_id}/recording."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from calls.records import Progress, RecordingEntry
from calls.words import CallStatus
from tests.gateway.conftest import ORIGIN, Rig

AUDIO = bytes(range(256)) * 2000


async def _pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(AUDIO), 100_000):
        yield AUDIO[start : start + 100_000]


async def _recorded(rig: Rig, call_id: str = "talked") -> str:
    """A call with a recording; the link to it as the call object gives it."""
    await rig.register(call_id)
    kept = await rig.parts.archive.keep(call_id, f"RE-{call_id}", _pieces())
    entry = RecordingEntry(
        status="archived", archive_id=kept.archive_id, size_bytes=kept.size_bytes, sha256=kept.sha256
    )
    progress = Progress(revision=9, status=CallStatus.ENDED, recording=entry, complete=True, over=True)
    await rig.parts.calls.save_progress(call_id, progress)
    link: str = (await rig.http.get(f"/v1/calls/{call_id}")).json()["recorded_call_audio_url"]
    return link


async def test_the_link_downloads_as_it_is(rig: Rig) -> None:
    """The link in the call object needs no key and gives the whole WAV with its length and an entity tag."""
    link = await _recorded(rig)
    assert link.startswith(f"{ORIGIN}/v1/calls/")
    answer = await rig.stranger.get(link)
    assert (answer.status_code, answer.content) == (200, AUDIO)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["content-length"] == str(len(AUDIO))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"]


async def test_a_key_opens_every_recording(rig: Rig) -> None:
    """Holders of a key need no token."""
    await _recorded(rig)
    assert (await rig.http.get("/v1/calls/talked/recording")).content == AUDIO


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=255-", 255, len(AUDIO)),
        ("bytes=-100", len(AUDIO) - 100, len(AUDIO)),
        ("bytes=261110-261130", 261110, 261131),
        (f"bytes=10-{10 * len(AUDIO)}", 10, len(AUDIO)),
        (f"bytes=-{10 * len(AUDIO)}", 0, len(AUDIO)),
    ],
)
async def test_a_range_is_served(rig: Rig, asked: str, start: int, end: int) -> None:
    """One range of bytes is a 206 with exactly those bytes, also across the archive's pieces."""
    await _recorded(rig)
    answer = await rig.http.get("/v1/calls/talked/recording", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == AUDIO[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(AUDIO)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "items=0-1", "bytes=x-y", "bytes=-", "bytes", f"bytes={'9' * 5000}-"]
)
async def test_other_ranges_are_ignored(rig: Rig, asked: str) -> None:
    """Several ranges, other units and nonsense get the whole, as the standard allows."""
    await _recorded(rig)
    answer = await rig.http.get("/v1/calls/talked/recording", headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, len(AUDIO))


@pytest.mark.parametrize("asked", [f"bytes={len(AUDIO)}-", "bytes=9999999999999-", "bytes=-0", "bytes=9-3"])
async def test_a_range_outside_is_refused(rig: Rig, asked: str) -> None:
    """A range that has no byte of the recording is a 416 that gives its length."""
    await _recorded(rig)
    answer = await rig.http.get("/v1/calls/talked/recording", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(AUDIO)}"


async def test_a_range_of_something_older_gets_the_whole(rig: Rig) -> None:
    """If-Range serves the range of the recording it names, and the whole of any other."""
    await _recorded(rig)
    etag = (await rig.http.head("/v1/calls/talked/recording")).headers["etag"]
    for condition, status in ((etag, 206), ('"older"', 200)):
        headers = {"Range": "bytes=0-9", "If-Range": condition}
        assert (await rig.http.get("/v1/calls/talked/recording", headers=headers)).status_code == status


async def test_head_gives_the_headers_alone(rig: Rig) -> None:
    """HEAD answers as GET would, without the bytes."""
    await _recorded(rig)
    answer = await rig.http.head("/v1/calls/talked/recording", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (206, b"", "10")


@pytest.mark.parametrize("path", ["recording", "events"])
async def test_a_token_opens_its_own_call_alone(rig: Rig, path: str) -> None:
    """No token, a wrong one, an old one and another call's are 401, and so are calls that do not exist."""
    await _recorded(rig)
    stored, other = await rig.parts.calls.find("talked"), await rig.register("other")
    assert stored
    now = datetime.now(UTC)
    expiry, _, signature = rig.parts.tokens.give(stored.order.id, now).partition(".")
    wrong = [
        "",
        "x",
        ".",
        "1",
        f"{int(expiry) + 1}.{signature}",
        f"{expiry}.{signature[:-1]}",
        f"{expiry}.é",
        f"-{expiry}.{signature}",
        rig.parts.tokens.give(other.order.id, now),
        rig.parts.tokens.give(stored.order.id, now - timedelta(hours=2)),
    ]
    for token in wrong:
        answer = await rig.stranger.get(f"/v1/calls/talked/{path}", params={"access_token": token})
        assert answer.status_code == 401, token
    assert (await rig.stranger.get(f"/v1/calls/talked/{path}")).status_code == 401
    assert (await rig.stranger.get(f"/v1/calls/nobody/{path}?access_token=1.x")).status_code == 401
    assert (await rig.http.get(f"/v1/calls/nobody/{path}")).status_code == 404


async def test_a_wrong_key_is_not_saved_by_a_token(rig: Rig) -> None:
    """Whoever shows a key is judged by it."""
    link = await _recorded(rig)
    assert (await rig.stranger.get(link, headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_without_a_recording_it_is_a_404(rig: Rig) -> None:
    """A call whose recording does not exist, or is no more in the archive, says so."""
    await rig.register("silent")
    answer = await rig.http.get("/v1/calls/silent/recording")
    assert answer.status_code == 404
    assert "no recording" in answer.json()["detail"]
    await _recorded(rig)
    stored = await rig.parts.calls.find("talked")
    assert stored
    assert stored.progress.recording.archive_id
    await rig.parts.archive.delete(stored.progress.recording.archive_id)
    assert (await rig.http.get("/v1/calls/talked/recording")).status_code == 404
