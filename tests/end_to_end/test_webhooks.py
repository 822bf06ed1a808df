"""A customer's server is told of calls over the whole stack."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

from runtime.embedded.stack import EmbeddedStack
from tests.end_to_end.customer import Customer
from tests.gateway.customers_server import CustomersServer, customers_server

ALICE, BOB, HEIDI = "+14155550101", "+14155550102", "+14155550108"
STARTED, ENDED, TRANSFERRED = (f"CallHandler.Call{what}" for what in ("Started", "Ended", "Transferred"))
COMPLETED = "callAnalysis.pcaCompleted"


async def told(server: CustomersServer, count: int) -> list[dict[str, Any]]:
    """The first so many webhooks, as soon as they were posted."""
    async with asyncio.timeout(60):
        while len(server.asked) < count:
            await asyncio.sleep(0.05)
    return [json.loads(body) for _, body in server.asked[:count]]


async def test_a_call_is_told_of_in_order_and_signed(customer: Customer, stack: EmbeddedStack) -> None:
    """Started, ended, complete with its recording; once each, and the signature is over what was sent."""
    async with customers_server() as server:
        agent = await customer.agent(webhook_url=server.url)
        call_id = await customer.placed(ALICE, agent, metadata={"ticket": 7})
        started, ended, completed = await told(server, 3)
        assert [one["event"] for one in (started, ended, completed)] == [STARTED, ENDED, COMPLETED]
        assert {one["call"]["call_id"] for one in (started, ended, completed)} == {call_id}
        assert (started["call"]["call_status"], ended["call"]["call_finish_reason"]) == ("ongoing", "agent_ended_call")
        assert completed["call"]["metadata"] == {"ticket": 7}
        assert (await customer.look(call_id))["messages"] == completed["call"]["messages"]
        assert (await customer.download(completed["call"]["recorded_call_audio_url"]))[:4] == b"RIFF"
        secret = stack.environment["RINGBACK_WEBHOOK_SECRET"].encode()
        for headers, body in server.asked:
            signed = headers["X-Webhook-Timestamp"].encode() + b"." + body
            digest = hmac.new(secret, signed, hashlib.sha256).hexdigest()
            assert headers["X-Webhook-Signature"] == f"sha256={digest}"
            assert json.loads(body)["traceId"] == headers["X-Webhook-Traceid"]
        kept = (await customer.http.get(f"/v1/calls/{call_id}/webhooks")).json()["webhooks"]
        assert [(one["status"], one["attempt_count"]) for one in kept] == [("delivered", 1)] * 3


async def test_a_receiver_that_is_down_first_misses_nothing(customer: Customer) -> None:
    """The same trace id and body again until it is taken; then the rest, in order; and all again on demand."""
    async with customers_server() as server:
        server.answers = [500, 500, {}]
        call_id = await customer.placed(BOB, await customer.agent(webhook_url=server.url))
        bodies = await told(server, 4)
        assert [one["event"] for one in bodies] == [ENDED, ENDED, ENDED, COMPLETED]
        assert len({json.dumps(one) for one in bodies[:3]}) == 1
        answer = await customer.http.post(f"/v1/calls/{call_id}/webhooks/redeliver", json={"event": ENDED})
        assert answer.status_code == 202
        assert (await told(server, 5))[4] == bodies[0]


async def test_a_transfer_is_told_before_the_end(customer: Customer) -> None:
    """The agent's part ends with the bridge."""
    async with customers_server() as server:
        await customer.placed(HEIDI, await customer.agent(webhook_url=server.url))
        assert [one["event"] for one in await told(server, 4)] == [STARTED, TRANSFERRED, ENDED, COMPLETED]
