"""What became of a call's webhooks, and sending them again, over HTTP."""

from datetime import UTC, datetime

from calls.notices import CallEvent, trace_id
from calls.ports.delivery_store import Attempt, Notice
from tests.gateway.conftest import Rig

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATH = "/v1/calls/call-1/webhooks"


async def with_webhooks(rig: Rig) -> str:
    """A call whose start was taken at the second try, and whose end was given up."""
    stored = await rig.register("call-1")
    store = rig.parts.deliveries
    for event in (CallEvent.STARTED, CallEvent.ENDED):
        await store.put(Notice(trace_id(stored.order.id, event), "call-1", event, "{}", NOON))
    first, second = (trace_id(stored.order.id, event) for event in (CallEvent.STARTED, CallEvent.ENDED))
    await store.note_attempt(first, Attempt(NOON, "HTTP 500"))
    await store.note_attempt(first, Attempt(NOON))
    await store.give_up(second)
    return stored.order.id


async def test_every_attempt_is_seen(rig: Rig) -> None:
    """By call id and by record id; an attempt that was taken has no error."""
    record_id = await with_webhooks(rig)
    for named in ("call-1", record_id):
        answer = await rig.http.get(f"/v1/calls/{named}/webhooks")
        assert answer.status_code == 200
        started, ended = answer.json()["webhooks"]
        assert (started["event"], started["status"]) == ("CallHandler.CallStarted", "delivered")
        assert [one["error"] for one in started["attempts"]] == ["HTTP 500", None]
        assert (started["trace_id"], started["attempt_count"]) == (trace_id(record_id, CallEvent.STARTED), 2)
        assert (ended["status"], ended["attempts"]) == ("given_up", [])


async def test_webhooks_are_sent_again(rig: Rig) -> None:
    """One or all of a call; they wait again, and somebody is sent for."""
    await with_webhooks(rig)
    one = await rig.http.post(f"{PATH}/redeliver", json={"event": "CallHandler.CallEnded"})
    assert (one.status_code, one.json()) == (202, {"redelivering": 1})
    kept = (await rig.http.get(PATH)).json()["webhooks"]
    assert [webhook["status"] for webhook in kept] == ["delivered", "pending"]
    both = await rig.http.post(f"{PATH}/redeliver")
    assert (both.status_code, both.json()) == (202, {"redelivering": 2})
    assert rig.control.fetched == ["call-1", "call-1"]


async def test_what_cannot_be_sent_again_is_said(rig: Rig) -> None:
    """Unknown calls, calls without webhooks, unknown events, and a stranger."""
    await rig.register("call-1")
    answer = await rig.http.post(f"{PATH}/redeliver")
    assert (answer.status_code, "webhook_url" in answer.json()["detail"]) == (409, True)
    assert (await rig.http.post("/v1/calls/nobody/webhooks/redeliver")).status_code == 404
    assert (await rig.http.get("/v1/calls/nobody/webhooks")).status_code == 404
    assert (await rig.http.post(f"{PATH}/redeliver", json={"event": "CallEnded"})).status_code == 422
    assert (await rig.stranger.get(PATH)).status_code == 401
    assert (await rig.stranger.post(f"{PATH}/redeliver")).status_code == 401
    assert rig.control.fetched == []


async def test_an_engine_that_is_away_is_a_503(rig: Rig) -> None:
    """They wait, and whoever asks again has them sent."""
    await with_webhooks(rig)
    rig.control.fails = True
    answer = await rig.http.post(f"{PATH}/redeliver")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
