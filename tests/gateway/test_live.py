"""GET /v1/calls/{call_id}/events."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from calls.reasons import FinishReason
from calls.records import Message, Progress
from calls.words import CallStatus, Role
from gateway.live import VIEWS_OF_A_CALL, LiveViews
from tests.gateway.conftest import Rig

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _events(text: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Name, id and data of each event."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


async def _say(rig: Rig, seq: int, role: Role, content: str) -> None:
    await rig.parts.calls.append_message("live", Message(seq, role, content, NOON, NOON, {}))


def _data(role: Role, content: str) -> dict[str, Any]:
    noon = "2026-11-22T12:00:00Z"
    return {"role": role.value, "content": content, "start_time": noon, "end_time": noon}


async def _finish(rig: Rig) -> None:
    progress = Progress(
        revision=9,
        status=CallStatus.ENDED,
        finish_reason=FinishReason.USER_ENDED_CALL,
        over=True,
        complete=True,
        evidence={"sip_code": 200},
    )
    await rig.parts.calls.save_progress("live", progress)


async def test_a_call_is_followed_to_its_end(rig: Rig) -> None:
    """Status and messages come as they happen, each once, and the view ends when the call is complete."""
    views = LiveViews(rig.parts)
    view = views.view(await rig.register("live"), after=-1)

    async def following() -> tuple[str, str | None, dict[str, Any]]:
        return _events(await anext(view))[0]

    assert (await following())[2]["call_status"] == "registered"
    assert views.open == 1
    await _say(rig, 0, Role.AGENT, "Hi")
    assert (await following())[1:] == ("0", _data(Role.AGENT, "Hi"))
    await rig.parts.calls.save_progress("live", Progress(revision=3, status=CallStatus.ONGOING))
    assert (await following())[2]["call_status"] == "ongoing"
    await _say(rig, 1, Role.USER, "Hello\n\nthere")
    assert (await following())[1:] == ("1", _data(Role.USER, "Hello\n\nthere"))
    await _finish(rig)
    name, _, data = await following()
    assert (name, data["call_finish_reason"], data["evidence"]) == ("status", "user_ended_call", {"sip_code": 200})
    with pytest.raises(StopAsyncIteration):
        await following()
    assert views.open == 0


async def test_a_view_resumes_where_it_broke_off(rig: Rig) -> None:
    """With Last-Event-ID only later messages are sent; the status always is."""
    await rig.register("live")
    for seq in range(3):
        await _say(rig, seq, Role.AGENT, f"Sentence {seq}")
    await _finish(rig)
    answer = await rig.http.get("/v1/calls/live/events", headers={"Last-Event-ID": "1"})
    assert [(name, number) for name, number, _ in _events(answer.text)] == [("message", "2"), ("status", "2.complete")]
    odd = await rig.http.get("/v1/calls/live/events", headers={"Last-Event-ID": "first"})
    assert len(_events(odd.text)) == 4


async def test_whoever_has_seen_it_all_is_told_to_rest(rig: Rig) -> None:
    """A browser's EventSource connects again after every end of the stream, until a 204."""
    await rig.register("live")
    await _say(rig, 0, Role.AGENT, "Hello.")
    await _finish(rig)
    seen = await rig.http.get("/v1/calls/live/events")
    last = _events(seen.text)[-1][1]
    assert last == "0.complete"
    assert (await rig.http.get("/v1/calls/live/events", headers={"Last-Event-ID": last})).status_code == 204
    assert (await rig.http.get("/v1/calls/live/events", headers={"Last-Event-ID": "0"})).status_code == 200


async def test_the_calls_token_opens_its_view(rig: Rig) -> None:
    """The access token of a call shows it without a key."""
    stored = await rig.register("live")
    await _finish(rig)
    token = rig.parts.tokens.give(stored.order.id, datetime.now(UTC))
    answer: httpx.Response = await rig.stranger.get("/v1/calls/live/events", params={"access_token": token})
    assert answer.status_code == 200


async def test_one_call_is_not_watched_by_everybody(rig: Rig) -> None:
    """Whoever holds one call's token cannot take the views of all others; a view that is closed makes room."""
    views = LiveViews(rig.parts)
    watched = await rig.register("one")
    opened = [views.view(watched, after=-1) for _ in range(VIEWS_OF_A_CALL)]
    for view in opened:
        await anext(view)
    assert (views.open, views.are_too_many_for("one"), views.are_too_many_for("two")) == (VIEWS_OF_A_CALL, True, False)
    await opened.pop().aclose()  # type: ignore[attr-defined]  # an async generator, as the server closes it
    assert not views.are_too_many_for("one")
    for view in opened:
        await view.aclose()  # type: ignore[attr-defined]
    assert (views.open, len(views.open_of)) == (0, 0)
