"""GET /v1/calls and GET /v1/calls/{call_id}."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from calls.reasons import FinishReason
from calls.records import Message, Progress
from calls.words import CallStatus, Role
from tests.gateway.conftest import Rig

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def _list(rig: Rig, query: str = "") -> dict[str, Any]:
    answer = await rig.http.get(f"/v1/calls{query}")
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def _ids(rig: Rig, query: str) -> set[str]:
    return {call["call_id"] for call in (await _list(rig, query))["calls"]}


async def test_a_call_is_found_by_either_id(rig: Rig) -> None:
    """A call answers to its call_id and to its `_id`."""
    call = (await rig.dial(call_id="both")).json()
    for name in ("both", call["_id"]):
        answer = await rig.http.get(f"/v1/calls/{name}")
        assert answer.status_code == 200
        assert answer.json()["_id"] == call["_id"]


@pytest.mark.parametrize("name", ["nobody", "5f" * 12, "%00", "a%2Fb", "x" * 3000])
async def test_an_unknown_call_is_not_found(rig: Rig, name: str) -> None:
    """A call that does not exist is a 404 with a detail."""
    answer = await rig.http.get(f"/v1/calls/{name}")
    assert answer.status_code == 404
    assert isinstance(answer.json()["detail"], str)


async def test_both_spellings_of_the_list_are_served(rig: Rig) -> None:
    """The list is served with and without a slash at the end, and redirects nobody."""
    await rig.dial()
    for url in ("/v1/calls", "/v1/calls/"):
        answer = await rig.http.get(url)
        assert answer.status_code == 200
        assert answer.json()["total_count"] == 1


async def test_the_list_goes_page_by_page(rig: Rig) -> None:
    """Newest first, each call once, and no token after the last page."""
    for number in range(5):
        await rig.dial(call_id=f"call-{number}")
    seen: list[str] = []
    token = ""
    while True:
        page = await _list(rig, f"?page_size=2&page_token={token}")
        assert page["total_count"] == 5
        seen += [call["call_id"] for call in page["calls"]]
        if (token := page["next_page_token"]) is None:
            break
    assert sorted(seen) == [f"call-{number}" for number in range(5)]
    ascending = [call["call_id"] for call in (await _list(rig, "?sort_direction=asc"))["calls"]]
    assert ascending == seen[::-1]


async def test_the_list_is_filtered(rig: Rig) -> None:
    """Every filter of the contract narrows the list, in the ways clients write them."""
    await rig.dial(call_id="one")
    await rig.dial(call_id="two", to_number="+14155550102")
    ended = Progress(
        revision=9,
        status=CallStatus.ERROR,
        start_time=NOON,
        end_time=NOON.replace(minute=5),
        finish_reason=FinishReason.LINE_BUSY,
    )
    await rig.parts.calls.save_progress("two", ended)
    for query in (
        "?call_status=error",
        "?call_finish_reason=line_busy",
        "?to_number=%2B14155550102",
        "?to_number=+14155550102",
        "?start_time_before=2026-11-22T12:00:01Z&start_time_after=2026-11-22T11:59:59",
        "?end_time_after=2026-11-22T13:04:59+01:00&end_time_before=2026-11-22T13:05:01%2B01:00",
    ):
        assert await _ids(rig, query) == {"two"}, query
    for query in (
        f"?ai_agent_ids={rig.agent_id}&ai_agent_ids=other",
        f"?ai_agent_ids[]={rig.agent_id}",
        f"?ai_agent_ids%5B%5D={rig.agent_id}",
        "?from_number=+14155550100",
        "",
    ):
        assert await _ids(rig, query) == {"one", "two"}, query
    for query in ("?ai_agent_ids=other", "?batch_call_id=none", "?call_status=ongoing"):
        assert await _ids(rig, query) == set(), query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=1001", "page_size"),
        ("page_size=many", "page_size"),
        ("page_token=made-up", "page_token"),
        ("sort_direction=up", "sort_direction"),
        ("call_status=asleep", "call_status"),
        ("call_finish_reason=boredom", "call_finish_reason"),
        ("start_time_before=yesterday", "start_time_before"),
        ("start_time_before=0001-01-01T00:00:00%2B14:00", "start_time_before"),
        (f"page_token={base64.urlsafe_b64encode(b'[' * 6000).decode()}", "page_token"),
    ],
)
async def test_a_wrong_query_is_named(rig: Rig, query: str, field: str) -> None:
    """A parameter that is wrong is a 422 that names it."""
    answer = await rig.http.get(f"/v1/calls?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][:2] == ["query", field]


async def test_the_record_is_shown(rig: Rig) -> None:
    """Times are ISO-8601 in UTC, messages come in order with their extra keys, the reason stands by its name."""
    await rig.dial(call_id="talked")
    await rig.parts.calls.append_message("talked", Message(1, Role.USER, "Hello", NOON, NOON, {}))
    await rig.parts.calls.append_message("talked", Message(0, Role.AGENT, "Hi", NOON, NOON, {"interrupted": True}))
    progress = Progress(
        revision=9,
        status=CallStatus.ENDED,
        start_time=NOON,
        end_time=NOON.replace(second=30, microsecond=5000),
        duration_seconds=21.5,
        finish_reason=FinishReason.USER_ENDED_CALL,
    )
    await rig.parts.calls.save_progress("talked", progress)
    for call in ((await rig.http.get("/v1/calls/talked")).json(), (await _list(rig))["calls"][0]):
        assert call["call_status"] == "ended"
        assert call["call_finish_reason"] == "user_ended_call"
        assert call["call_start_time"] == "2026-11-22T12:00:00Z"
        assert call["call_end_time"] == "2026-11-22T12:00:30.005000Z"
        assert call["call_duration_seconds"] == 21.5
        assert [(m["role"], m["content"]) for m in call["messages"]] == [("agent", "Hi"), ("user", "Hello")]
        assert call["messages"][0]["interrupted"] is True
