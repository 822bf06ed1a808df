"""The owner of a number is asked about each call to it; what their answer, or its absence, leads to."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from calls.agents import AgentSettings
from calls.model import INBOUND_ATTEMPT
from tests.gateway.conftest import CALLER, SECRET, SORRY, Rig
from tests.gateway.customers_server import CustomersServer, customers_server
from tests.gateway.fake_caller import ALICE, CALL_ID, OURS, Caller, bind
from tests.gateway.fake_carrier import verbs


@pytest.fixture
async def caller(rig: Rig) -> Caller:
    """Somebody who is about to call."""
    return Caller(rig, call_id=CALL_ID, attempt_id=INBOUND_ATTEMPT)


@pytest.fixture
async def server() -> AsyncIterator[CustomersServer]:
    """The server of the number's owner."""
    async with customers_server() as running:
        yield running


async def test_the_owner_is_asked(caller: Caller, server: CustomersServer) -> None:
    """One signed question; the answer's agent, metadata and dynamic data become the call's."""
    await bind(caller.rig, webhook=server.url)
    other = await caller.rig.parts.agents.add_agent(
        AgentSettings(ai_agent_name="Other", llm_websocket_url="wss://agent.example.com/other")
    )
    named = {"override_ai_agent_id": other.ai_agent_id, "metadata": None, "pia_llm_dynamic_data": {"name": "Alice"}}
    server.answers = [{**named, "a_field_of_theirs": 1}]
    assert verbs(await caller.calls()) == ["Start", "Connect"]
    [(headers, body)] = server.asked
    assert json.loads(body) == {
        "event": "call_inbound",
        "call_id": CALL_ID,
        "from_number": ALICE,
        "to_number": OURS,
        "agent_id": caller.rig.agent_id,
    }
    assert datetime.fromisoformat(headers["X-Webhook-Timestamp"]).tzinfo == UTC
    signed = headers["X-Webhook-Timestamp"].encode() + b"." + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == f"sha256={expected}"
    stored = await caller.stored()
    assert stored
    assert stored.agent_id == other.ai_agent_id
    assert stored.order.request.pia_llm_dynamic_data == {"name": "Alice"}


async def test_the_owner_is_asked_once_per_call(caller: Caller, server: CustomersServer) -> None:
    """The carrier asking again does not ask the owner again, whatever they would say now."""
    await bind(caller.rig, webhook=server.url)
    server.answers = [b"", {"reject": True}]
    assert (await caller.calls()).text == (await caller.calls()).text
    assert len(server.asked) == 1


async def test_the_owner_rejects_a_call(caller: Caller, server: CustomersServer) -> None:
    """A rejected call is refused before it is picked up, each time it is asked about, and recorded."""
    await bind(caller.rig, webhook=server.url)
    server.answers = [{"reject": True}]
    assert verbs(await caller.calls()) == verbs(await caller.calls()) == ["Reject"]
    assert len(server.asked) == 1
    stored = await caller.stored()
    assert stored
    assert (stored.plan.turned_away, stored.plan.record) == ("call_failed", False)
    assert await caller.rig.parts.calls.claimed_by(CALL_ID) is None


BAD_ANSWERS: list[int | bytes | dict[str, Any]] = [
    500,
    404,
    302,
    b"not JSON",
    b"[]",
    b"x" * 300_000,
    {"metadata": "text"},
    {"metadata": {"large": "x" * 60_000}},
    {"override_ai_agent_id": "nobody"},
]


@pytest.mark.parametrize("bad", BAD_ANSWERS, ids=lambda bad: str(bad)[:30])
async def test_a_failing_webhook_leaves_the_call_to_the_default_agent(
    caller: Caller, server: CustomersServer, bad: int | bytes | dict[str, Any]
) -> None:
    """With a default agent the call goes on, whatever the owner's server did."""
    await bind(caller.rig, webhook=server.url)
    server.answers = [bad]
    assert verbs(await caller.calls()) == ["Start", "Connect"]
    stored = await caller.stored()
    assert stored
    assert (stored.agent_id, stored.order.request.metadata) == (caller.rig.agent_id, {})


@pytest.mark.parametrize("bad", [*BAD_ANSWERS, {}, b""], ids=lambda bad: str(bad)[:30])
async def test_without_a_default_agent_the_caller_is_turned_away(
    caller: Caller, server: CustomersServer, bad: int | bytes | dict[str, Any]
) -> None:
    """The caller hears the message, and the record says whose fault it was; asked again, nothing changes."""
    await bind(caller.rig, agent=False, webhook=server.url)
    server.answers = [bad]
    for _ in range(2):
        answer = await caller.calls()
        assert verbs(answer) == ["Say", "Hangup"]
        assert SORRY.replace("&", "&amp;") in answer.text
    stored = await caller.stored()
    assert stored
    assert (stored.plan.turned_away, stored.agent_id) == ("inbound_webhook_error", "")
    [order] = caller.rig.control.placed
    assert order.arrival
    assert order.arrival.turned_away
    assert order.arrival.turned_away.evidence["webhook_error"]


async def test_a_webhook_has_three_tries(caller: Caller, server: CustomersServer) -> None:
    """Two failures and an answer make a call; the same question is asked each time."""
    await bind(caller.rig, agent=False, webhook=server.url)
    server.answers = [500, b"{", {"override_ai_agent_id": caller.rig.agent_id}]
    assert verbs(await caller.calls()) == ["Start", "Connect"]
    assert len({body for _, body in server.asked}) == 1
    assert len(server.asked) == 3


async def test_a_slow_webhook_is_given_up_in_time(caller: Caller, server: CustomersServer) -> None:
    """Each try has its time-out, and three of them are a failure like any other."""
    await bind(caller.rig, agent=False, webhook=server.url)
    server.slow_seconds = 2
    assert verbs(await caller.calls()) == ["Say", "Hangup"]
    assert len(server.asked) == 3
    [order] = caller.rig.control.placed
    assert order.arrival
    assert order.arrival.turned_away
    assert order.arrival.turned_away.evidence["webhook_error"] == "no answer within 0.3 s"


async def test_a_server_that_is_down(caller: Caller, server: CustomersServer) -> None:
    """A refused connection is a failure like any other."""
    await bind(caller.rig, webhook="http://127.0.0.1:9/calls")
    assert verbs(await caller.calls()) == ["Start", "Connect"]


@pytest.mark.parametrize("url", ["http://crm.example.com/x", "https://127.0.0.1/x", "https://localhost/x", "ftp://x"])
async def test_an_insecure_webhook_is_refused(rig: Rig, url: str) -> None:
    """A webhook goes to a public https address, unless the deployment allows others."""
    body = {"phone_number": OURS, "inbound_webhook_url": url}
    answer = await rig.http.post("/v1/phone-numbers", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "inbound_webhook_url"]
    patched = await rig.http.patch(f"/v1/phone-numbers/{CALLER}", json={"inbound_webhook_url": url})
    assert patched.status_code == 422
