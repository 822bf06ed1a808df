"""Calls under an agent's limit of one, over the whole stack: the second waits, is ended, or is rejected."""

from typing import Any

from tests.end_to_end.customer import Customer

ALBA, BRUNO, CLEO, DIEGO, ELSA, FINN, GIULIA = (f"+1415555021{number}" for number in range(7))
STAYS_ON: dict[str, Any] = {"name": "Stays on", "ring_seconds": 1, "lines": [], "hang_up_after_seconds": 4000}


async def two_calls(customer: Customer, number: str, second: str, **agent: Any) -> tuple[str, str]:
    """A live call, and one for which its agent has no room."""
    agent_id = await customer.agent(max_simultaneous_calls=1, **agent)
    for callee in (number, second):
        await customer.teach(callee, STAYS_ON)
    first = await customer.placed(number, agent_id)
    await customer.until(first, call_status="ongoing")
    return first, await customer.placed(second, agent_id)


async def end(customer: Customer, call_id: str) -> dict[str, Any]:
    """The record of a call that was asked to end."""
    answer = await customer.http.post(f"/v1/calls/{call_id}/end", json={})
    assert answer.is_success, answer.text
    return await customer.ended(call_id)


async def test_a_call_without_room_is_dialled_when_the_one_before_it_is_over(customer: Customer) -> None:
    """In the ledger the second call begins after the first has ended."""
    first, second = await two_calls(customer, ALBA, BRUNO)
    assert await customer.ledger(BRUNO) == []
    assert (await end(customer, first))["call_finish_reason"] == "agent_ended_call"
    await customer.until(second, call_status="ongoing")
    assert (await end(customer, second))["call_finish_reason"] == "agent_ended_call"
    earlier = (await customer.ledger(ALBA))[-1]
    (later,) = await customer.ledger(BRUNO)
    assert later["created_at"] >= earlier["ended_at"]


async def test_a_call_that_waits_can_be_ended(customer: Customer) -> None:
    """It ends as by request before the answer, was never dialled, and the live one goes on."""
    first, second = await two_calls(customer, CLEO, DIEGO)
    call = await end(customer, second)
    assert (call["call_finish_reason"], call["call_status"]) == ("call_failed", "error")
    assert await customer.ledger(DIEGO) == []
    assert (await customer.look(first))["call_status"] == "ongoing"
    await end(customer, first)


async def test_an_agent_may_have_its_calls_rejected(customer: Customer) -> None:
    """The request is answered with a call as any other; its record ends at once, and nothing rings."""
    first, second = await two_calls(customer, ELSA, FINN, when_full="reject")
    call = await customer.ended(second)
    assert (call["call_finish_reason"], call["call_status"]) == ("concurrent_call_limit_reached", "error")
    assert await customer.ledger(FINN) == []
    await end(customer, first)


async def test_a_callee_is_called_once_at_a_time(customer: Customer) -> None:
    """Whatever agents the two calls have."""
    await customer.teach(GIULIA, STAYS_ON)
    first = await customer.placed(GIULIA, await customer.agent())
    await customer.until(first, call_status="ongoing")
    again = await customer.placed(GIULIA, await customer.agent(when_full="reject"))
    assert (await customer.ended(again))["call_finish_reason"] == "concurrent_call_limit_reached"
    await end(customer, first)
    assert len(await customer.ledger(GIULIA)) == 1
