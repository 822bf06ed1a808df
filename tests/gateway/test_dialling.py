"""POST /v1/calls/dial-outbound-phone-call, when all is well and when the same is asked twice."""

import asyncio
from typing import Any

import pytest

from calls.model import CallOrder
from tests.gateway.conftest import CALLEE, CALLER, Rig
from workflows.placing import Placed, PlacingUndecidedError

CONTRACT_FIELDS = {
    "_id",
    "call_id",
    "call_status",
    "call_type",
    "from_number",
    "to_number",
    "direction",
    "ai_agent_id",
    "ai_agent_name",
    "override_ai_agent_id",
    "metadata",
    "pia_llm_dynamic_data",
    "call_start_time",
    "call_end_time",
    "call_duration_seconds",
    "messages",
    "recorded_call_audio_url",
    "access_token",
    "call_finish_reason",
    "redial_of",
    "redial_number",
}


async def test_a_dial_gives_the_contracts_call_object(rig: Rig) -> None:
    """A dial answers 201 with exactly the contract's fields, and the call is placed once."""
    answer = await rig.dial(call_id="order-7", metadata={"a": {"$b": [1, None]}}, pia_llm_dynamic_data={"name": "Ann"})
    call = answer.json()
    assert answer.status_code == 201
    assert set(call) == CONTRACT_FIELDS
    assert len(call["_id"]) == 24
    assert call["access_token"]
    expected: dict[str, Any] = {
        "call_id": "order-7",
        "call_status": "registered",
        "call_type": "phone_call",
        "from_number": CALLER,
        "to_number": CALLEE,
        "direction": "outbound",
        "ai_agent_id": rig.agent_id,
        "ai_agent_name": "Alice's agent",
        "override_ai_agent_id": None,
        "metadata": {"a": {"$b": [1, None]}},
        "pia_llm_dynamic_data": {"name": "Ann"},
        "messages": [],
        "recorded_call_audio_url": None,
        "call_finish_reason": None,
        "redial_of": None,
        "redial_number": None,
    }
    assert expected.items() <= call.items()
    assert [order.call_id for order in rig.control.placed] == ["order-7"]


async def test_without_a_call_id_it_is_the_record_id(rig: Rig) -> None:
    """A call id that was not given is the same as `_id`."""
    call = (await rig.dial()).json()
    assert call["call_id"] == call["_id"]


async def test_nulls_mean_absent(rig: Rig) -> None:
    """Optional fields may be null."""
    answer = await rig.dial(call_id=None, override_ai_agent_id=None, metadata=None, pia_llm_dynamic_data=None)
    assert answer.status_code == 201
    assert answer.json()["metadata"] == {}


async def test_the_override_agent_takes_the_call(rig: Rig) -> None:
    """An override agent is used instead of the bound one, from a number that is bound to none too."""
    agent = {"ai_agent_name": "Second", "llm_websocket_url": "wss://agent.example.com/two"}
    other = (await rig.http.post("/v2/ai-agents", json=agent)).json()["ai_agent_id"]
    call = (await rig.dial(override_ai_agent_id=other, from_number="+14155550177")).json()
    assert (call["ai_agent_id"], call["override_ai_agent_id"]) == (other, other)


async def test_the_same_request_again_dials_nothing(rig: Rig) -> None:
    """The same call id and body, keys in another order, answers 200 with the same call."""
    first = (await rig.dial(call_id="once", metadata={"a": 1, "b": 2})).json()
    again = await rig.dial(call_id="once", metadata={"b": 2, "a": 1})
    assert again.status_code == 200
    assert again.json()["_id"] == first["_id"]
    assert len(rig.control.placed) == 1


async def test_a_repetition_needs_no_engine(rig: Rig) -> None:
    """A repeated request is answered from the store while the engine is away."""
    await rig.dial(call_id="once")
    rig.control.fails = True
    assert (await rig.dial(call_id="once")).status_code == 200


async def test_simultaneous_repetitions_are_one_call(rig: Rig) -> None:
    """Ten equal requests at once are one call."""
    answers = await asyncio.gather(*(rig.dial(call_id="rush") for _ in range(10)))
    assert len({answer.json()["_id"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]


async def test_another_request_may_not_have_the_call_id(rig: Rig) -> None:
    """The same call id with another body is a 409 that names what differs, and dials nothing."""
    await rig.dial(call_id="mine", metadata={"a": 1})
    answer = await rig.dial(call_id="mine", metadata={"a": 2}, to_number="+14155550102")
    assert answer.status_code == 409
    assert answer.json()["fields"] == ["to_number", "metadata"]
    assert "to_number, metadata" in answer.json()["detail"]
    assert len(rig.control.placed) == 1


async def test_an_engine_that_is_away_is_a_503_that_holds(rig: Rig) -> None:
    """A 503 says when to try again, and the request it answers can never be registered any more."""
    rig.control.fails = True
    answer = await rig.dial(call_id="later")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    registrations = await rig.database.registrations.find({}).to_list(length=None)
    assert [row["outcome"] for row in registrations] == ["withdrawn"]
    assert await rig.nothing_happened()


async def test_a_lost_answer_of_the_engine_is_found_out(rig: Rig) -> None:
    """When the call was registered although the engine's answer got lost, the client gets its 201."""
    rig.control.fails = rig.control.registers_before_failing = True
    answer = await rig.dial(call_id="lost-and-found")
    assert answer.status_code == 201
    assert answer.json()["call_id"] == "lost-and-found"


async def test_a_client_can_come_back_after_a_503(rig: Rig) -> None:
    """A client that repeats its call id after a 503 gets its call."""
    rig.control.fails = True
    await rig.dial(call_id="patient")
    rig.control.fails = False
    assert (await rig.dial(call_id="patient")).status_code == 201


async def test_what_nobody_can_tell_is_a_504_with_the_call_id(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither placed nor refused: the client learns which call_id is safe to send again."""

    async def nobody_knows(order: CallOrder) -> Placed:
        raise PlacingUndecidedError(order.call_id, "no answer")

    monkeypatch.setattr(rig.control, "place", nobody_knows)
    answer = await rig.dial(call_id="order-8")
    assert (answer.status_code, answer.json()["call_id"]) == (504, "order-8")
    assert "order-8" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0
