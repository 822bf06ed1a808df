"""A call is watched over the whole stack, as a browser's EventSource does it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any

from gateway.live import VIEWS_OF_A_CALL
from tests.end_to_end.customer import Customer

ALICE, FRANK = "+14155550101", "+14155550106"


async def events(customer: Customer, call_id: str, after: str = "") -> AsyncGenerator[tuple[str, str, dict[str, Any]]]:
    """Name, id and data of each event, as soon as it arrives."""
    headers = {"Last-Event-ID": after} if after else {}
    async with customer.http.stream("GET", f"/v1/calls/{call_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
                fields = {}


async def test_a_view_that_breaks_off_goes_on_where_it_was(customer: Customer) -> None:
    """Before and after the break the whole talk is seen, each message once; then the viewer is told to rest."""
    call_id = await customer.placed(ALICE, await customer.agent())
    seen: list[dict[str, Any]] = []
    last = ""
    async with asyncio.timeout(60):
        async for name, number, data in events(customer, call_id):
            if name == "message":
                seen.append(data)
                last = number
                break
        assert (await customer.look(call_id))["call_finish_reason"] is None, "not live any more: nothing was watched"
        status: dict[str, Any] = {}
        async for name, number, data in events(customer, call_id, after=last):
            last = number or last
            if name == "message":
                seen.append(data)
            else:
                status = data
    call = await customer.look(call_id)
    assert (status["call_finish_reason"], status["call_status"]) == ("agent_ended_call", "ended")
    heard = [(one["role"], one["content"]) for one in seen]
    assert heard == [(one["role"], one["content"]) for one in call["messages"]]
    assert len(heard) > 1
    answer = await customer.http.get(f"/v1/calls/{call_id}/events", headers={"Last-Event-ID": last})
    assert answer.status_code == 204


async def test_one_call_takes_so_many_views_and_no_more(customer: Customer) -> None:
    """The next one is asked to come again; a view of another call is open to all."""
    frank, alice = [await customer.placed(number, await customer.agent()) for number in (FRANK, ALICE)]
    async with AsyncExitStack() as opened, asyncio.timeout(60):
        for _ in range(VIEWS_OF_A_CALL):
            view = await opened.enter_async_context(aclosing(events(customer, frank)))
            await anext(view)
        refused = await customer.http.get(f"/v1/calls/{frank}/events")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        assert "too many live views" in refused.json()["detail"]
        await anext(await opened.enter_async_context(aclosing(events(customer, alice))))
    assert (await customer.http.post(f"/v1/calls/{frank}/end")).status_code in (200, 202)
