"""/v2/ai-agents and /v1/phone-numbers."""

from typing import Any

import pytest

from tests.gateway.conftest import CALLER, Rig

AGENT = {"ai_agent_name": "Bea", "llm_websocket_url": "wss://agent.example.com/bea"}


async def _create(rig: Rig, **more: Any) -> dict[str, Any]:
    answer = await rig.http.post("/v2/ai-agents", json={**AGENT, **more})
    assert answer.status_code == 201, answer.text
    agent: dict[str, Any] = answer.json()
    return agent


async def test_an_agents_life(rig: Rig) -> None:
    """An agent is created, read, replaced, listed and deleted."""
    agent = await _create(rig, voicemail={"action": "leave_message", "message": "Call back"}, language=None)
    url = f"/v2/ai-agents/{agent['ai_agent_id']}"
    assert agent["language"] == "en-US"
    assert (await rig.http.get(url)).json() == agent
    replaced = await rig.http.put(url, json={**AGENT, "ring_timeout_seconds": 20, "max_simultaneous_calls": 3})
    assert replaced.status_code == 200
    untuned = dict.fromkeys(("timeout_seconds", "speech_threshold_ms", "speech_end_threshold_ms", "silence_timeout_ms"))
    assert replaced.json()["voicemail"] == {"action": "hang_up", "message": None, "detection": untuned}
    assert (replaced.json()["ring_timeout_seconds"], replaced.json()["max_simultaneous_calls"]) == (20, 3)
    page = (await rig.http.get("/v2/ai-agents")).json()
    assert page["total_count"] == 2
    assert [one["ai_agent_name"] for one in page["ai_agents"]] == ["Alice's agent", "Bea"]
    assert (await rig.http.delete(url)).status_code == 204
    for answer in (await rig.http.get(url), await rig.http.delete(url), await rig.http.put(url, json=AGENT)):
        assert answer.status_code == 404


async def test_listings_go_page_by_page(rig: Rig) -> None:
    """Agents and numbers take page_size and page_token."""
    await _create(rig)
    first = (await rig.http.get("/v2/ai-agents?page_size=1")).json()
    second = (await rig.http.get(f"/v2/ai-agents?page_size=1&page_token={first['next_page_token']}")).json()
    assert (len(first["ai_agents"]), len(second["ai_agents"]), second["next_page_token"]) == (1, 1, None)
    assert first["ai_agents"] != second["ai_agents"]
    wrong = await rig.http.get("/v1/phone-numbers?page_token=x")
    assert wrong.json()["detail"][0]["loc"] == ["query", "page_token"]


@pytest.mark.parametrize(
    ("wrong", "loc"),
    [
        ({"ai_agent_name": ""}, ["ai_agent_name"]),
        ({"ai_agent_name": None}, ["ai_agent_name"]),
        ({"llm_websocket_url": "ftp://agent.example.com"}, ["llm_websocket_url"]),
        ({"llm_websocket_url": "ws://agent.example.com"}, ["llm_websocket_url"]),
        ({"llm_websocket_url": "wss://127.0.0.1/x"}, ["llm_websocket_url"]),
        ({"llm_websocket_url": "wss://[::1]/x"}, ["llm_websocket_url"]),
        ({"llm_websocket_url": "wss://10.1.2.3/x"}, ["llm_websocket_url"]),
        ({"llm_websocket_url": "wss://localhost/x"}, ["llm_websocket_url"]),
        ({"llm_websocket_url": "wss://[bad/x"}, ["llm_websocket_url"]),
        ({"end_call_after_silence_seconds": 9}, ["end_call_after_silence_seconds"]),
        ({"max_call_duration_seconds": 7201}, ["max_call_duration_seconds"]),
        ({"ring_timeout_seconds": 4}, ["ring_timeout_seconds"]),
        ({"max_simultaneous_calls": 0}, ["max_simultaneous_calls"]),
        ({"voicemail": {"action": "sing"}}, ["voicemail", "action"]),
        ({"voicemail": {"action": "leave_message"}}, ["voicemail", "message"]),
        ({"webhook_url": "mailto:x"}, ["webhook_url"]),
        ({"transfer_allow_list": ["911"]}, ["transfer_allow_list", 0]),
        ({"mood": "good"}, ["mood"]),
        ({"ai_agent_id": "mine"}, ["ai_agent_id"]),
    ],
)
async def test_a_wrong_agent_is_refused(rig: Rig, wrong: dict[str, Any], loc: list[str | int]) -> None:
    """A wrong field of an agent is a 422 that names it, and no agent is stored or changed."""
    for answer in (
        await rig.http.post("/v2/ai-agents", json={**AGENT, **wrong}),
        await rig.http.put(f"/v2/ai-agents/{rig.agent_id}", json={**AGENT, **wrong}),
    ):
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", *loc]
    agents = (await rig.http.get("/v2/ai-agents")).json()["ai_agents"]
    assert [agent["ai_agent_name"] for agent in agents] == ["Alice's agent"]


async def test_an_agent_in_use_stays(rig: Rig) -> None:
    """An agent that a number is bound to cannot be deleted."""
    answer = await rig.http.delete(f"/v2/ai-agents/{rig.agent_id}")
    assert answer.status_code == 409
    assert CALLER in answer.json()["detail"]


async def test_a_numbers_life(rig: Rig) -> None:
    """A number is added, read by either name, changed field by field, listed and deleted."""
    added = await rig.http.post("/v1/phone-numbers", json={"phone_number": "+14155550177", "nickname": "desk"})
    assert added.status_code == 201
    number = added.json()
    bindings = {"outbound_ai_agent_id", "inbound_ai_agent_id", "inbound_webhook_url"}
    assert set(number) == {"_id", "phone_number", "nickname", *bindings}
    for name in (number["_id"], "+14155550177", "%2B14155550177", "%2014155550177"):
        assert (await rig.http.get(f"/v1/phone-numbers/{name}")).json() == number, name
    url = "/v1/phone-numbers/+14155550177"
    bound = (await rig.http.patch(url, json={"outbound_ai_agent_id": rig.agent_id})).json()
    assert (bound["nickname"], bound["outbound_ai_agent_id"]) == ("desk", rig.agent_id)
    freed = (await rig.http.patch(url, json={"outbound_ai_agent_id": None})).json()
    assert (freed["nickname"], freed["outbound_ai_agent_id"]) == ("desk", None)
    assert (await rig.http.get("/v1/phone-numbers/")).json()["total_count"] == 2
    assert (await rig.http.delete(url)).status_code == 204
    for answer in (await rig.http.get(url), await rig.http.patch(url, json={}), await rig.http.delete(url)):
        assert answer.status_code == 404


async def test_a_number_is_there_once(rig: Rig) -> None:
    """A number that is stored already is a 409, when added and when another is renamed to it."""
    assert (await rig.http.post("/v1/phone-numbers", json={"phone_number": CALLER})).status_code == 409
    await rig.http.post("/v1/phone-numbers", json={"phone_number": "+14155550177"})
    renamed = await rig.http.patch("/v1/phone-numbers/+14155550177", json={"phone_number": CALLER})
    assert renamed.status_code == 409


@pytest.mark.parametrize("field", ["outbound_ai_agent_id", "inbound_ai_agent_id"])
async def test_only_agents_that_exist_can_be_bound(rig: Rig, field: str) -> None:
    """Binding an agent that does not exist is a 422 that names the field, and nothing changes."""
    for answer in (
        await rig.http.post("/v1/phone-numbers", json={"phone_number": "+14155550177", field: "nobody"}),
        await rig.http.patch(f"/v1/phone-numbers/{CALLER}", json={field: "nobody"}),
    ):
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", field]
    numbers = (await rig.http.get("/v1/phone-numbers")).json()["phone_numbers"]
    assert [(n["phone_number"], n["outbound_ai_agent_id"]) for n in numbers] == [(CALLER, rig.agent_id)]


@pytest.mark.parametrize("wrong", [{"phone_number": None}, {"phone_number": "411"}, {"colour": "red"}])
async def test_a_wrong_change_is_refused(rig: Rig, wrong: dict[str, Any]) -> None:
    """A wrong change to a number is a 422 that names the field."""
    answer = await rig.http.patch(f"/v1/phone-numbers/{CALLER}", json=wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", *wrong]


async def test_strangers_see_neither(rig: Rig) -> None:
    """Without a key there is nothing to see or change."""
    assert (await rig.stranger.get("/v2/ai-agents")).status_code == 401
    assert (await rig.stranger.delete(f"/v2/ai-agents/{rig.agent_id}")).status_code == 401
    assert (await rig.stranger.get("/v1/phone-numbers")).status_code == 401
