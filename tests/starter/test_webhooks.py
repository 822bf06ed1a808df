"""What became of a call's webhooks, and sending them again, from the command line."""

from datetime import UTC, datetime

from activities.registering import Registering
from calls.limits import Capacity
from calls.notices import CallEvent, trace_id
from calls.policy import Policy
from calls.ports.delivery_store import Attempt, Notice
from gateway.orders import DialBody, order_of
from tests.starter.conftest import ALICE, CALLER, Desk

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


async def a_told_call(desk: Desk) -> str:
    """A call whose end was not taken at first; its call id."""
    await desk.with_agent()
    body = {"from_number": CALLER, "to_number": ALICE, "direction": "outbound", "call_id": "told"}
    order = order_of(DialBody.model_validate(body), NOON)
    await Registering(desk.calls, desk.agents, Policy(), Capacity()).register_call(order)
    name = trace_id(order.id, CallEvent.ENDED)
    await desk.deliveries.put(Notice(name, "told", CallEvent.ENDED, "{}", NOON))
    await desk.deliveries.note_attempt(name, Attempt(NOON, "HTTP 500"))
    return "told"


async def test_the_attempts_of_a_webhook_are_shown(desk: Desk) -> None:
    """For people the last one, for programs all."""
    call_id = await a_told_call(desk)
    shown = await desk.run("webhooks", call_id)
    assert shown.code == 0
    assert all(said in shown.out for said in ("CallHandler.CallEnded", "pending", "HTTP 500"))
    (kept,) = (await desk.run("webhooks", call_id, "--json")).json["webhooks"]
    assert [one["error"] for one in kept["attempts"]] == ["HTTP 500"]


async def test_a_call_without_webhooks_says_so(desk: Desk) -> None:
    """Nothing to show is no error; a call that is unknown is one."""
    call_id = await a_told_call(desk)
    desk.deliveries.kept.clear()
    assert (await desk.run("webhooks", call_id)).out.strip() == "no webhooks"
    assert (await desk.run("webhooks", "nobody")).code == 3
    assert (await desk.run("redeliver", "nobody")).code == 3


async def test_nothing_is_sent_again_while_temporal_is_away(desk: Desk) -> None:
    """It says so, and the webhook is left as it was."""
    call_id = await a_told_call(desk)
    name = next(iter(desk.deliveries.kept))
    await desk.deliveries.give_up(name)
    away = await desk.run("redeliver", call_id)
    assert (away.code, "Temporal" in away.err) == (5, True)
    (kept,) = await desk.deliveries.of_call(call_id)
    assert kept.status == "given_up"
