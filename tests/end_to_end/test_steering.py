"""Ending and transferring a live call over HTTP, and what is refused."""

from tests.end_to_end.customer import Customer

FRANK, JUDY, MALLORY = "+14155550106", "+14155550110", "+14155550111"


async def test_an_operator_ends_a_live_call(customer: Customer) -> None:
    """The call takes the request, and the reason is not the callee's hangup that it looks like."""
    call_id = await customer.placed(FRANK, await customer.agent())
    await customer.talking(call_id)
    answer = await customer.http.post(f"/v1/calls/{call_id}/end", json={})
    assert answer.status_code in (200, 202), answer.text
    call = await customer.ended(call_id)
    assert (call["call_finish_reason"], call["call_status"]) == ("agent_ended_call", "ended")


async def test_an_operator_transfers_a_live_call(customer: Customer) -> None:
    """The callee talks to the target, and the record says so."""
    call_id = await customer.placed(FRANK, await customer.agent())
    await customer.talking(call_id)
    answer = await customer.http.post(f"/v1/calls/{call_id}/transfer", json={"to_number": JUDY})
    assert answer.status_code in (200, 202), answer.text
    call = await customer.ended(call_id)
    assert call["call_finish_reason"] == "call_transferred"


async def test_a_busy_target_gives_the_callee_back_to_the_agent(customer: Customer) -> None:
    """The agent is told that the transfer failed, says something about it, and can still be ended."""
    call_id = await customer.placed(FRANK, await customer.agent())
    before = await customer.talking(call_id)
    answer = await customer.http.post(f"/v1/calls/{call_id}/transfer", json={"to_number": MALLORY})
    assert answer.status_code in (200, 202), answer.text
    after = await customer.talking(call_id, len(before["messages"]) + 1)
    assert after["call_status"] == "ongoing"
    await customer.http.post(f"/v1/calls/{call_id}/end", json={})
    call = await customer.ended(call_id)
    assert call["call_finish_reason"] == "agent_ended_call"


async def test_a_repeated_call_id_rings_once(customer: Customer) -> None:
    """The same request again is answered with the same call; another one under its id is refused by name."""
    agent = await customer.agent()
    first = await customer.dial("+14155550140", agent, call_id="once-only")
    again = await customer.dial("+14155550140", agent, call_id="once-only")
    other = await customer.dial("+14155550141", agent, call_id="once-only")
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["_id"] == again.json()["_id"]
    assert "to_number" in other.text
    await customer.ended("once-only")
    assert len(await customer.ledger("+14155550140")) == 1
    assert await customer.ledger("+14155550141") == []
