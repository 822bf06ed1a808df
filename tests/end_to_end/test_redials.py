"""A busy line that is free the next time, over the whole stack."""

from tests.end_to_end.customer import Customer

NUMBER = "+14155550221"


async def test_busy_then_answered(customer: Customer) -> None:
    """The redial is a call of its own, dialled once, and one that is answered is followed by none."""
    await customer.teach(NUMBER, {"name": "Busy at first", "outcome": "busy", "ring_seconds": 1.0, "sip_code": 486})
    wish = {"max_redials": 2, "backoff_seconds": 5}
    call_id = await customer.placed(NUMBER, await customer.agent(), call_id="busy-first", redial=wish)
    first = await customer.ended(call_id)
    await customer.teach(NUMBER, {"name": "Free now", "lines": [{"text": "Go on.", "delay_seconds": 5}]})
    redial = await customer.registered(f"{call_id}.r1")
    await customer.talking(redial["call_id"])
    await customer.http.post(f"/v1/calls/{redial['call_id']}/end", json={})
    second = await customer.ended(redial["call_id"])
    assert (first["call_finish_reason"], first["redial_of"], first["redial_number"]) == ("line_busy", None, None)
    assert (second["call_finish_reason"], second["redial_of"], second["redial_number"]) == (
        "agent_ended_call",
        call_id,
        1,
    )
    assert len(await customer.ledger(NUMBER)) == 2
    assert (await customer.http.get(f"/v1/calls/{call_id}.r2")).status_code == 404


async def test_a_redial_that_is_taken_back(customer: Customer) -> None:
    """An acknowledged DELETE, while the redial waits, and the phone is not rung again; said twice, it is no error."""
    number = "+14155550222"
    await customer.teach(number, {"name": "Busy", "outcome": "busy", "ring_seconds": 1.0, "sip_code": 486})
    call_id = await customer.placed(number, await customer.agent(), redial={"backoff_seconds": 4})
    await customer.ended(call_id)
    for _ in range(2):
        answer = await customer.http.delete(f"/v1/calls/{call_id}/redial")
        assert (answer.status_code, answer.json()["accepted"]) == (202, True), answer.text
    control = await customer.placed(number, await customer.agent(), redial={"backoff_seconds": 5, "max_redials": 1})
    await customer.registered(f"{control}.r1")  # one that was asked for later is made: the time of the other is over
    assert (await customer.http.get(f"/v1/calls/{call_id}.r1")).status_code == 404
