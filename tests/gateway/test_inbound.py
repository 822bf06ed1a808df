"""Calls that come in: who takes them, what the caller hears, and what is recorded."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from adapters.twilio.callbacks import ANONYMOUS
from calls.agents import AgentSettings, NumberSettings
from calls.facts import CallCompleted
from calls.model import INBOUND_ATTEMPT
from calls.records import Progress, StoredCall
from calls.words import CallStatus, Direction
from tests.gateway.conftest import CALLEE, CALLER, SECRET, SORRY, Rig
from tests.gateway.customers_server import CustomersServer, customers_server
from tests.gateway.fake_carrier import SID, FakeCarrier, verbs

CALL_ID = f"in-{SID}"
ALICE, OURS = CALLEE, "+14155550177"


class Caller(FakeCarrier):
    """Alice, who calls our number."""

    async def calls(self, **form: str) -> httpx.Response:
        """Ask for instructions, as the carrier does for a call that comes in."""
        ringing = {"CallSid": SID, "From": ALICE, "To": OURS, "CallStatus": "ringing", "Direction": "inbound"}
        return await self.send("/twilio/inbound", {**ringing, **form})

    async def stored(self) -> StoredCall | None:
        """The record."""
        return await self.rig.parts.calls.find(CALL_ID)


@pytest.fixture
async def caller(rig: Rig) -> Caller:
    """Somebody who is about to call."""
    return Caller(rig, call_id=CALL_ID, attempt_id=INBOUND_ATTEMPT)


@pytest.fixture
async def server() -> AsyncIterator[CustomersServer]:
    """The server of the number's owner."""
    async with customers_server() as running:
        yield running


async def bind(rig: Rig, *, agent: bool = True, webhook: str | None = None) -> None:
    """Have our number answered by the rig's agent, or by whom the webhook names."""
    agent_id = rig.agent_id if agent else None
    number = NumberSettings(phone_number=OURS, inbound_ai_agent_id=agent_id, inbound_webhook_url=webhook)
    await rig.parts.agents.add_number(number)


async def test_the_numbers_agent_takes_the_call(caller: Caller) -> None:
    """A call to a bound number is registered, claimed and connected; asked again, the answer is the same."""
    await bind(caller.rig)
    first, again = await caller.calls(), await caller.calls()
    assert verbs(first) == ["Start", "Connect"]
    assert again.text == first.text
    assert f'url="wss://callbacks.example.com/twilio/relay/{CALL_ID}/{INBOUND_ATTEMPT}"' in first.text
    assert await caller.rig.parts.calls.claimed_by(CALL_ID) == SID
    [order] = caller.rig.control.placed
    assert (order.call_id, order.request.direction) == (CALL_ID, Direction.INBOUND)
    assert order.arrival
    assert order.arrival.carrier_call_id == SID
    stored = await caller.stored()
    assert stored
    assert (stored.agent_id, stored.order.request.from_number) == (caller.rig.agent_id, ALICE)


async def test_a_record_of_a_call_that_came_in_reads_like_any_other(caller: Caller) -> None:
    """The API gives it with its direction."""
    await bind(caller.rig)
    await caller.calls()
    call = (await caller.rig.http.get(f"/v1/calls/{CALL_ID}")).json()
    assert (call["direction"], call["from_number"], call["to_number"]) == ("inbound", ALICE, OURS)
    assert call["ai_agent_id"] == caller.rig.agent_id


@pytest.mark.parametrize("withheld", ["", "anonymous", "sip:alice@example.com", "+266696687"])
async def test_a_caller_without_a_number_is_taken(caller: Caller, withheld: str) -> None:
    """Who withholds their number has the one that the carrier itself gives such callers."""
    await bind(caller.rig)
    assert verbs(await caller.calls(From=withheld)) == ["Start", "Connect"]
    stored = await caller.stored()
    assert stored
    assert stored.order.request.from_number == ANONYMOUS


async def test_an_unsigned_call_changes_nothing(caller: Caller) -> None:
    """Only the carrier can bring us a call."""
    await bind(caller.rig)
    fields = {"CallSid": SID, "From": ALICE, "To": OURS}
    for signature in ("", "nonsense", caller.sign("/twilio/inbound", {**fields, "To": CALLER})):
        assert (await caller.send("/twilio/inbound", fields, signature)).status_code == 403
    assert await caller.rig.nothing_happened()


@pytest.mark.parametrize("number", [OURS, CALLER, "sip:us@example.com"])
async def test_a_number_that_nobody_answers(caller: Caller, number: str) -> None:
    """An unknown number, and one without an inbound agent, answer with a sentence, and nothing is recorded."""
    answer = await caller.calls(To=number)
    assert verbs(answer) == ["Say", "Hangup"]
    assert "Sorry &amp; goodbye." in answer.text
    assert await caller.rig.nothing_happened()


async def test_without_a_worker_the_caller_hears_a_sentence(caller: Caller) -> None:
    """A call that could not be registered never will be; the caller is told so."""
    await bind(caller.rig)
    caller.rig.control.fails = True
    assert verbs(await caller.calls()) == ["Say", "Hangup"]
    assert await caller.stored() is None


async def test_a_registration_whose_answer_got_lost_is_found(caller: Caller) -> None:
    """A call that was registered all the same is connected."""
    await bind(caller.rig)
    caller.rig.control.fails = caller.rig.control.registers_before_failing = True
    assert verbs(await caller.calls()) == ["Start", "Connect"]


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


async def test_the_callers_hangup_is_told(caller: Caller) -> None:
    """The relay's end tells that the carrier call is over, because nobody else may."""
    await bind(caller.rig)
    await caller.calls()
    over = {"SessionStatus": "completed", "CallStatus": "completed"}
    assert verbs(await caller.post("relay-ended", From=ALICE, To=OURS, **over)) == []
    [(call_id, fact)] = caller.rig.control.told
    assert call_id == CALL_ID
    assert isinstance(fact, CallCompleted)
    assert (fact.carrier_call_id, fact.attempt_id) == (SID, INBOUND_ATTEMPT)


async def test_a_broken_conversation_with_a_caller_is_taken_up_again(caller: Caller) -> None:
    """When the relay's socket died in mid-call, a caller is connected again like a callee."""
    await bind(caller.rig)
    await caller.calls()
    lost = {"SessionStatus": "failed", "ErrorCode": "64105"}
    assert verbs(await caller.post("relay-ended", **lost)) == ["Connect"]
    assert caller.rig.control.told == []


async def test_a_call_that_is_over_is_not_connected_again(caller: Caller) -> None:
    """A question about a call whose record ended gets a hangup."""
    await bind(caller.rig)
    await caller.calls()
    ended = Progress(revision=9, status=CallStatus.ENDED, end_time=datetime.now(UTC))
    await caller.rig.parts.calls.save_progress(CALL_ID, ended)
    assert verbs(await caller.calls()) == ["Hangup"]


@pytest.mark.parametrize("url", ["http://crm.example.com/x", "https://127.0.0.1/x", "https://localhost/x", "ftp://x"])
async def test_an_insecure_webhook_is_refused(rig: Rig, url: str) -> None:
    """A webhook goes to a public https address, unless the deployment allows others."""
    body = {"phone_number": OURS, "inbound_webhook_url": url}
    answer = await rig.http.post("/v1/phone-numbers", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "inbound_webhook_url"]
    patched = await rig.http.patch(f"/v1/phone-numbers/{CALLER}", json={"inbound_webhook_url": url})
    assert patched.status_code == 422
