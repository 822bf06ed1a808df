"""Requests to dial that are wrong: each gets a clear error, and nothing is placed or stored."""

import json
from typing import Any

import pytest

from tests.gateway.conftest import CALLER, Rig

URL = "/v1/calls/dial-outbound-phone-call"


def _nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"deeper": value}
    return value


@pytest.mark.parametrize(
    ("wrong", "loc", "says"),
    [
        ({"to_number": "4155550101"}, "to_number", "E.164|pattern"),
        ({"to_number": "+1 415 555 0101"}, "to_number", "pattern"),
        ({"to_number": "+14155550101\n"}, "to_number", "pattern"),
        ({"to_number": "+\uff114155550101"}, "to_number", "pattern"),
        ({"from_number": "anonymous"}, "from_number", "pattern"),
        ({"to_number": CALLER}, "to_number", "differ from from_number"),
        ({"to_number": 14155550101}, "to_number", "string"),
        ({"to_number": None}, "to_number", "string"),
        ({"direction": "inbound"}, "direction", "inbound call cannot be dialled"),
        ({"direction": "sideways"}, "direction", "'inbound' or 'outbound'"),
        ({"direction": None}, "direction", "'inbound' or 'outbound'"),
        ({"call_id": ""}, "call_id", "pattern"),
        ({"call_id": "-starts-wrong"}, "call_id", "pattern"),
        ({"call_id": "has spaces"}, "call_id", "pattern"),
        ({"call_id": "x" * 65}, "call_id", "pattern"),
        ({"call_id": "5f" * 12}, "call_id", "24 hexadecimal digits"),
        ({"call_id": 7}, "call_id", "string"),
        ({"metadata": []}, "metadata", "dictionary"),
        ({"metadata": "text"}, "metadata", "dictionary"),
        ({"metadata": {"a": "x" * 60_000}}, "metadata", "more than the 51200"),
        ({"pia_llm_dynamic_data": {"a": "ä" * 30_000}}, "pia_llm_dynamic_data", "more than the 51200"),
        ({"override_ai_agent_id": 5}, "override_ai_agent_id", "string"),
        ({"colour": "red"}, "colour", "belongs in metadata"),
        ({"webhook_url": None}, "webhook_url", "belongs in metadata"),
    ],
)
async def test_a_wrong_field_is_named(rig: Rig, wrong: dict[str, Any], loc: str, says: str) -> None:
    """A field that is wrong is a 422 that names it and says what is wrong."""
    answer = await rig.dial(**wrong)
    assert answer.status_code == 422, answer.text
    problems = answer.json()["detail"]
    found = [problem for problem in problems if problem["loc"] == ["body", loc]]
    assert found, problems
    assert any(part in found[0]["msg"] for part in says.split("|")), found
    assert set(found[0]) == {"loc", "msg", "type"}
    assert await rig.nothing_happened()


@pytest.mark.parametrize("missing", ["from_number", "to_number", "direction"])
async def test_a_missing_field_is_named(rig: Rig, missing: str) -> None:
    """A required field that is not there is a 422 that names it."""
    body = rig.dial_body()
    del body[missing]
    answer = await rig.http.post(URL, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"] == [{"loc": ["body", missing], "msg": "Field required", "type": "missing"}]
    assert await rig.nothing_happened()


async def test_all_problems_are_told_at_once(rig: Rig) -> None:
    """Several wrong fields are told in one answer."""
    answer = await rig.dial(to_number="x", direction="inbound", colour=1)
    places = {problem["loc"][1] for problem in answer.json()["detail"]}
    assert places == {"to_number", "direction", "colour"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"null", "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b'{"call_id": "a", "call_id": "b"}', "'call_id' occurs twice"),
        (b'{"metadata": {"a": 1, "a": 1}}', "'a' occurs twice"),
        (b'{"metadata": {"a": NaN}}', "NaN is no JSON value"),
        (b'{"metadata": {"a": -Infinity}}', "-Infinity is no JSON value"),
        (b'{"metadata": {"a": 1e999}}', "out of range"),
        (b'{"metadata": {"a": ' + b"9" * 5000 + b"}}", "more than 1000 digits"),
        (b'{"metadata": {"a": "\\ud800"}}', "surrogate"),
        (b'{"metadata": {"\\udfff": 1}}', "surrogate"),
        (b'{"call_id": "caf\xe9"}', "not UTF-8"),
        (b"[" * 100_000, "nested deeper"),
        (json.dumps({"metadata": _nested(70)}).encode(), "nested deeper"),
        (b"from_number=%2B14155550100", "Expecting value"),
    ],
)
async def test_what_is_no_strict_json_is_refused(rig: Rig, body: bytes, says: str) -> None:
    """A body that is not strict JSON is a 422 that says where it goes wrong."""
    answer = await rig.http.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["detail"][0]["msg"]
    assert answer.json()["detail"][0]["loc"] == ["body"]
    assert await rig.nothing_happened()


async def test_a_body_that_is_too_large_is_refused(rig: Rig) -> None:
    """More than 256 kB is a 413, whether the length is declared or not."""
    body = json.dumps(rig.dial_body(metadata={"a": "x" * 300_000})).encode()

    async def undeclared() -> Any:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    assert (await rig.http.post(URL, content=body)).status_code == 413
    assert (await rig.http.post(URL, content=undeclared())).status_code == 413
    assert await rig.nothing_happened()


async def test_fifty_kilobytes_are_taken(rig: Rig) -> None:
    """Metadata and dynamic data of 50 kB each are within the limits."""
    answer = await rig.dial(metadata={"a": "x" * 49_900}, pia_llm_dynamic_data={"a": "x" * 49_900})
    assert answer.status_code == 201


@pytest.mark.parametrize("agent_id", ["5f" * 12, "nonsense", ""])
async def test_an_unknown_agent_is_not_found(rig: Rig, agent_id: str) -> None:
    """An override agent that does not exist is a 404 that says what to do."""
    answer = await rig.dial(override_ai_agent_id=agent_id)
    assert answer.status_code == 404
    assert "create it first" in answer.json()["detail"]
    assert await rig.nothing_happened()


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_number_without_an_agent_is_refused(rig: Rig, is_known: bool) -> None:
    """A number that no agent is bound to is a 422 that says what to do, whether the number is stored or not."""
    if is_known:
        await rig.http.post("/v1/phone-numbers", json={"phone_number": "+14155550177"})
    answer = await rig.dial(from_number="+14155550177")
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == ["body", "from_number"]
    assert "bind one to it" in problem["msg"]
    assert await rig.nothing_happened()


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "a-valid-key", "Bearer a-valid-key2"]
)
async def test_a_stranger_is_refused(rig: Rig, authorization: str | None) -> None:
    """Without a valid key everything is a 401, and a wrong body is not even looked at."""
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await rig.stranger.post(URL, content=b"{", headers=headers)
    assert answer.status_code == 401
    assert isinstance(answer.json()["detail"], str)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert await rig.nothing_happened()
