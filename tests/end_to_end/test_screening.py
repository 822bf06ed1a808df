"""Our own screening at the last moment, over the whole stack: the rules of the dial, not those of the request."""

from tests.end_to_end.customer import Customer
from tests.end_to_end.test_limits import end, two_calls

HUGO, IDA = "+14155550231", "+14155550232"


async def test_a_callee_who_is_listed_while_their_call_waits_is_not_rung(customer: Customer) -> None:
    """The call that waited ends as screened, by the system's doing; the carrier never hears of it."""
    first, second = await two_calls(customer, HUGO, IDA)
    listed = await customer.http.post("/v1/do-not-call", json={"phone_number": IDA})
    assert listed.status_code == 201, listed.text
    await end(customer, first)
    call = await customer.ended(second)
    assert (call["call_finish_reason"], call["call_status"]) == ("potential_scam_detected", "error")
    assert await customer.ledger(IDA) == []
