"""POST /v1/calls/{call_id}/end and /transfer."""

from typing import Any

import pytest

from tests.gateway.conftest import CALLEE, CALLER, Rig
from workflows.messages import Ack, EndRequest, TransferRequest


async def test_an_end_request_is_passed_on(rig: Rig) -> None:
    """An accepted end is a 202 that says so; the call is named by its call_id whichever id the client used."""
    call = (await rig.dial(call_id="talking")).json()
    answer = await rig.http.post(f"/v1/calls/{call['_id']}/end", json={"request_id": "r1", "note": "shift ends"})
    assert (answer.status_code, answer.json()) == (202, {"accepted": True, "why": ""})
    assert rig.control.asked == [("talking", EndRequest(request_id="r1", note="shift ends"))]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"request_id": null}'])
async def test_an_end_needs_no_request_id(rig: Rig, body: bytes) -> None:
    """Without a request id, or a body, each end request gets an id of its own."""
    await rig.dial(call_id="talking")
    for _ in range(2):
        assert (await rig.http.post("/v1/calls/talking/end", content=body)).status_code == 202
    ids = [request.request_id for _, request in rig.control.asked]
    assert all(ids)
    assert len(set(ids)) == 2


async def test_a_refusal_says_why(rig: Rig) -> None:
    """A call that does not take a request is a 409 with its reason."""
    await rig.dial(call_id="over")
    rig.control.ack = Ack(accepted=False, why="the call is over")
    for path, body in (("end", {}), ("transfer", {"to_number": "+14155550110"})):
        answer = await rig.http.post(f"/v1/calls/over/{path}", json=body)
        assert answer.status_code == 409
        assert answer.json() == {"detail": "the call is over", "accepted": False, "why": "the call is over"}


async def test_a_transfer_is_passed_on(rig: Rig) -> None:
    """An accepted transfer is a 202."""
    await rig.dial(call_id="talking")
    answer = await rig.http.post("/v1/calls/talking/transfer", json={"to_number": "+14155550110", "request_id": "t1"})
    assert answer.status_code == 202
    assert rig.control.asked == [("talking", TransferRequest(request_id="t1", to_number="+14155550110"))]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, "to_number"),
        ({"to_number": None}, "to_number"),
        ({"to_number": ""}, "to_number"),
        ({"to_number": "agent"}, "to_number"),
        ({"to_number": CALLEE}, "to_number"),
        ({"to_number": CALLER}, "to_number"),
        ({"to_number": "+14155550110", "when": "now"}, "when"),
        ({"to_number": "+14155550110", "request_id": ""}, "request_id"),
    ],
)
async def test_a_wrong_transfer_is_refused(rig: Rig, body: dict[str, Any], loc: str) -> None:
    """A transfer to no number, or to the call's own, is a 422 and the call hears nothing of it."""
    await rig.dial(call_id="talking")
    answer = await rig.http.post("/v1/calls/talking/transfer", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", loc]
    assert rig.control.asked == []


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"reason": "x"}', b'{"request_id": 5}'])
async def test_a_wrong_end_is_refused(rig: Rig, body: bytes) -> None:
    """An end request that cannot be read is a 422 and the call hears nothing of it."""
    await rig.dial(call_id="talking")
    assert (await rig.http.post("/v1/calls/talking/end", content=body)).status_code == 422
    assert rig.control.asked == []


async def test_unknown_calls_and_strangers(rig: Rig) -> None:
    """Requests to a call that does not exist are 404, requests of strangers 401."""
    await rig.dial(call_id="talking")
    for path in ("end", "transfer"):
        body = {"to_number": "+14155550110"} if path == "transfer" else {}
        assert (await rig.http.post(f"/v1/calls/nobody/{path}", json=body)).status_code == 404
        assert (await rig.stranger.post(f"/v1/calls/talking/{path}", json=body)).status_code == 401
    assert rig.control.asked == []


async def test_an_engine_that_is_away_is_a_503(rig: Rig) -> None:
    """When the engine does not answer, the client is told to try again."""
    await rig.dial(call_id="talking")
    rig.control.fails = True
    answer = await rig.http.post("/v1/calls/talking/end")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "not known" in answer.json()["detail"]
    asked = {"to_number": "+14155550110", "request_id": "mine"}
    assert (await rig.http.post("/v1/calls/talking/transfer", json=asked)).json()["request_id"] == "mine"
    again = await rig.http.post("/v1/calls/talking/end", json={"request_id": answer.json()["request_id"]})
    assert again.json()["request_id"] == answer.json()["request_id"]


async def test_an_unknown_field_here_has_no_other_place(rig: Rig) -> None:
    """Only a request to dial has metadata."""
    await rig.dial(call_id="talking")
    answer = await rig.http.post("/v1/calls/talking/end", json={"colour": "red"})
    assert answer.json()["detail"][0]["msg"] == "this field is not known"
