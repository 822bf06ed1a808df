"""Webhooks that wait for their delivery, in memory and in MongoDB alike."""

from datetime import UTC, datetime, timedelta

from calls.notices import CallEvent, trace_id
from calls.ports.delivery_store import KEPT_ATTEMPTS, Attempt, DeliveryStatus, DeliveryStore, Notice

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL = "reminder-42"


def notice(event: CallEvent, body: str = '{"traceId": "…"}', call_id: str = CALL) -> Notice:
    return Notice(trace_id(call_id, event), call_id, event, body, NOON)


async def test_the_first_body_stands(deliveries: DeliveryStore) -> None:
    """The same event again is known, and what was frozen first is what is sent."""
    assert await deliveries.put(notice(CallEvent.STARTED, "first"))
    assert not await deliveries.put(notice(CallEvent.STARTED, "second"))
    [kept] = await deliveries.of_call(CALL)
    assert kept.notice == notice(CallEvent.STARTED, "first")
    assert (kept.status, kept.attempt_count, kept.attempts) == (DeliveryStatus.PENDING, 0, ())


async def test_events_wait_in_their_own_order(deliveries: DeliveryStore) -> None:
    """Whenever they were put; another call's are not among them."""
    for event in (CallEvent.COMPLETED, CallEvent.STARTED, CallEvent.ENDED):
        await deliveries.put(notice(event))
    await deliveries.put(notice(CallEvent.STARTED, call_id="other"))
    seen = []
    while waiting := await deliveries.next_pending(CALL):
        seen.append(waiting.notice.event)
        await deliveries.note_attempt(waiting.notice.trace_id, Attempt(NOON))
    assert seen == [CallEvent.STARTED, CallEvent.ENDED, CallEvent.COMPLETED]
    assert await deliveries.next_pending("other")
    assert await deliveries.next_pending("unknown") is None


async def test_attempts_are_kept(deliveries: DeliveryStore) -> None:
    """A failed one leaves the webhook waiting, the one that is taken settles it; only the latest are kept."""
    sent = notice(CallEvent.ENDED)
    await deliveries.put(sent)
    for number in range(KEPT_ATTEMPTS + 3):
        await deliveries.note_attempt(sent.trace_id, Attempt(NOON + timedelta(seconds=number), f"HTTP 5{number:02}"))
    [kept] = await deliveries.of_call(CALL)
    assert (kept.status, kept.attempt_count, len(kept.attempts)) == ("pending", KEPT_ATTEMPTS + 3, KEPT_ATTEMPTS)
    assert kept.attempts[0].error == "HTTP 503"
    await deliveries.note_attempt(sent.trace_id, Attempt(NOON))
    [kept] = await deliveries.of_call(CALL)
    assert (kept.status, kept.attempts[-1]) == (DeliveryStatus.DELIVERED, Attempt(NOON))


async def test_a_webhook_is_given_up_and_sent_again(deliveries: DeliveryStore) -> None:
    """Given up it waits no longer; put again it does, alone or with all of its call's."""
    for event in (CallEvent.STARTED, CallEvent.ENDED):
        await deliveries.put(notice(event))
    await deliveries.give_up(trace_id(CALL, CallEvent.STARTED))
    waiting = await deliveries.next_pending(CALL)
    assert waiting
    assert waiting.notice.event is CallEvent.ENDED
    await deliveries.note_attempt(waiting.notice.trace_id, Attempt(NOON))
    await deliveries.give_up(waiting.notice.trace_id)  # delivered is delivered
    assert [one.status.value for one in await deliveries.of_call(CALL)] == ["given_up", "delivered"]
    assert await deliveries.put_again(CALL, CallEvent.COMPLETED) == 0
    assert await deliveries.put_again(CALL, CallEvent.ENDED) == 1
    assert [one.status.value for one in await deliveries.of_call(CALL)] == ["given_up", "pending"]
    assert await deliveries.put_again(CALL, None) == 2
    assert [one.status.value for one in await deliveries.of_call(CALL)] == ["pending", "pending"]
