"""Calls whose workflow an operator terminated: the phone is hung up, and the record ends with what is true."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from temporalio.client import Client

from adapters.mongo.database import connect
from runtime.embedded.stack import EmbeddedStack
from tests.end_to_end.customer import Customer

ALICE, DAVE, FRANK = "+14155550101", "+14155550104", "+14155550106"
TALKER, TARGET, LATE = "+14155550151", "+14155550152", "+14155550153"
PATIENT: dict[str, Any] = {
    "name": "Has all the time in the world",
    "lines": [{"text": "Go on.", "delay_seconds": 150}],
}
WITHIN_SECONDS = 15
"""A sweep every 2 s, a second look after 1 s, and what a slow machine takes to act on it."""


@pytest.fixture(scope="module")
async def engine(stack: EmbeddedStack) -> Client:
    """The engine as an operator reaches it."""
    return await Client.connect(stack.addresses.temporal_address, namespace=stack.addresses.temporal_namespace)


@pytest.fixture(scope="module")
async def evidence(stack: EmbeddedStack) -> AsyncIterator[Any]:
    """Reads the evidence of a call, which the HTTP API does not show."""
    database = connect(stack.addresses.mongodb_uri, stack.addresses.mongodb_database)

    async def read(call_id: str) -> Mapping[str, Any]:
        found = await database.calls.find_one({"call_id": call_id})
        assert found is not None
        return dict(found["progress"])

    yield read
    database.client.close()


async def terminated(engine: Client, call_id: str) -> None:
    """What an operator should not do."""
    await engine.get_workflow_handle(f"call-{call_id}").terminate("by mistake")


async def hung_up(customer: Customer, number: str) -> dict[str, Any]:
    """The latest carrier call of a number, once it is over."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while (leg := (await customer.ledger(number))[-1])["ended_at"] is None:
            await asyncio.sleep(0.1)
    return leg


async def complete(evidence: Any, call_id: str) -> Mapping[str, Any]:
    """The record once nothing follows any more."""
    async with asyncio.timeout(40):
        while not (progress := await evidence(call_id))["complete"]:
            await asyncio.sleep(0.2)
    return dict(progress)


async def test_a_live_call_is_hung_up(customer: Customer, engine: Client, evidence: Any) -> None:
    """The phone does not outlast its workflow; reason, words and recording are in the record, and it has an end."""
    await customer.teach(TALKER, PATIENT)
    call_id = await customer.placed(TALKER, await customer.agent())
    await customer.talking(call_id)
    await terminated(engine, call_id)
    leg = await hung_up(customer, TALKER)
    assert leg["hung_up_by"] == "api"
    progress = await complete(evidence, call_id)
    assert (progress["finish_reason"], progress["status"]) == ("unknown_error", "error")
    assert (progress["evidence"]["detail"], progress["evidence"]["workflow"]) == ("workflow_gone", "terminated")
    call = await customer.recorded(call_id)
    assert len(call["messages"]) >= 1
    assert call["call_duration_seconds"] > 0


async def test_a_ringing_phone_stops(customer: Customer, engine: Client, evidence: Any) -> None:
    """A call that is terminated while it rings is cancelled at the carrier."""
    call_id = await customer.placed(DAVE, await customer.agent(ring_timeout_seconds=120))
    async with asyncio.timeout(20):
        while not any(leg["ringing_at"] for leg in await customer.ledger(DAVE) if leg["ended_at"] is None):
            await asyncio.sleep(0.05)
    await terminated(engine, call_id)
    assert (await hung_up(customer, DAVE))["answered_at"] is None
    progress = await complete(evidence, call_id)
    assert (progress["finish_reason"], progress["evidence"]["workflow"]) == ("unknown_error", "terminated")


async def test_what_the_conversation_came_to_is_kept(customer: Customer, engine: Client, evidence: Any) -> None:
    """An agent that ends the call by itself after the termination is the reason, not our fault."""
    call_id = await customer.placed(ALICE, await customer.agent())
    await customer.talking(call_id)
    await terminated(engine, call_id)
    progress = await complete(evidence, call_id)
    leg = (await customer.ledger(ALICE))[-1]
    # Either the talk was quicker than the sweep, or it was not.
    if leg["hung_up_by"] == "api":
        assert progress["finish_reason"] in ("unknown_error", "agent_ended_call")
    else:
        assert progress["finish_reason"] == "agent_ended_call"
    assert progress["evidence"]["workflow"] == "terminated"


async def test_a_transferred_call_with_its_workflow_is_left_alone(
    customer: Customer, engine: Client, evidence: Any
) -> None:
    """Ended as its record is, the call goes on for as long as its parties talk; without its workflow it does not."""
    await customer.teach(TARGET, {"name": "Talks for long", "talk_seconds": 900})
    call_id = await customer.placed(FRANK, await customer.agent())
    await customer.talking(call_id)
    answer = await customer.http.post(f"/v1/calls/{call_id}/transfer", json={"to_number": TARGET})
    assert answer.status_code in (200, 202), answer.text
    assert (await customer.ended(call_id))["call_finish_reason"] == "call_transferred"
    await asyncio.sleep(4.5)  # two sweeps
    leg = (await customer.ledger(FRANK))[-1]
    assert leg["ended_at"] is None, json.dumps(leg)
    await terminated(engine, call_id)
    await hung_up(customer, FRANK)
    progress = await complete(evidence, call_id)
    assert (progress["finish_reason"], progress["evidence"]["workflow"]) == ("call_transferred", "terminated")


async def test_a_call_that_came_in_is_hung_up(customer: Customer, engine: Client, evidence: Any) -> None:
    """Whoever called is not left with an agent that nobody watches over."""
    number = "+14155557301"
    agent = await customer.agent()
    answer = await customer.http.post("/v1/phone-numbers", json={"phone_number": number, "inbound_ai_agent_id": agent})
    assert answer.status_code == 201, answer.text
    sid = await customer.is_called(number, FRANK)
    call_id = f"in-{sid}"
    await customer.registered(call_id)
    await customer.talking(call_id)
    await terminated(engine, call_id)
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await customer.ledger_call(sid))["ended_at"] is None:
            await asyncio.sleep(0.1)
    progress = await complete(evidence, call_id)
    assert progress["evidence"]["workflow"] == "terminated"
    assert progress["finish_reason"] == "unknown_error"


async def test_a_phone_that_rings_after_its_dial_was_lost_is_hung_up(customer: Customer, evidence: Any) -> None:
    """The carrier took a dial, said 500, and told nothing in time: its first word ends the ringing."""
    await customer.teach(LATE, {"name": "Rings for long", "ring_seconds": 400})
    slow = {"only_to": [LATE], "create_error_after": 1, "callback_delay": 1, "callback_delay_seconds": 7}
    await customer.faults(**slow, list_lag_seconds=60)
    try:
        call_id = await customer.placed(LATE, await customer.agent(ring_timeout_seconds=60))
        ended = await customer.ended(call_id)
        assert ended["call_finish_reason"] == "twilio_service_error"
        assert (await customer.ledger(LATE))[-1]["ended_at"] is None
        await customer.faults()
        leg = await hung_up(customer, LATE)
    finally:
        await customer.faults()
    assert (leg["hung_up_by"], leg["answered_at"]) == ("api", None)
    async with asyncio.timeout(20):
        while (await evidence(call_id))["carrier_call_id"] is None or not (await evidence(call_id))["complete"]:
            await asyncio.sleep(0.2)
    progress = await evidence(call_id)
    assert progress["finish_reason"] == "twilio_service_error"
    assert progress["evidence"]["late_carrier_call_id"] == leg["sid"] == progress["carrier_call_id"]
