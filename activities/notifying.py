"""Telling customers what happens to their calls: what is due is kept first, then delivered in order."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import translated
from calls.call_object import Rendering
from calls.notices import CallEvent, fresh, trace_id
from calls.ports.agent_store import AgentStore
from calls.ports.call_store import CallStore
from calls.ports.delivery_store import Attempt, Delivery, DeliveryStatus, DeliveryStore, Notice
from calls.ports.webhooks import Courier, WebhookFailedError, WebhookPoster
from calls.records import StoredCall
from calls.webhook_signing import webhook_headers

POST_SECONDS = 10.0
"""How long a receiver may take."""
FIRST_PAUSE = 2.0
"""Seconds between the first two attempts; each pause is twice the one before."""
LONGEST_RETRY_AFTER = 600.0
"""The most seconds for which a receiver is left alone at its own wish."""


class Announcements:
    """An Announcer: puts down what is due, and has it fetched."""

    def __init__(self, calls: CallStore, deliveries: DeliveryStore, rendering: Rendering, courier: Courier) -> None:
        self._calls = calls
        self._deliveries = deliveries
        self._rendering = rendering
        self._courier = courier

    async def announce(self, call_id: str) -> None:
        """Freeze every event that is due and not known yet; then see to it that all that waits is delivered."""
        stored = await self._calls.find(call_id)
        if stored is None:
            return
        kept = await self._deliveries.of_call(call_id)
        new = fresh(stored.progress, {one.notice.event for one in kept})
        for notice in await self._frozen(stored, new):
            await self._deliveries.put(notice)
        if new or any(one.status is DeliveryStatus.PENDING for one in kept):
            await self._courier.fetch(call_id)

    async def _frozen(self, stored: StoredCall, events: Sequence[CallEvent]) -> list[Notice]:
        if not events:
            return []
        at = datetime.now(UTC)
        call = self._rendering.call(stored, await self._calls.messages(stored.order.call_id), at)
        notices = []
        for event in events:
            name = trace_id(stored.order.id, event)
            body = {"event": event, "traceId": name, "timestamp": at.isoformat(timespec="milliseconds"), "call": call}
            notices.append(Notice(name, stored.order.call_id, event, json.dumps(body), at))
        return notices


class Notifying:
    """The deliveries of one call's webhooks, over the ports of stores and poster."""

    def __init__(
        self,
        calls: CallStore,
        agents: AgentStore,
        deliveries: DeliveryStore,
        poster: WebhookPoster,
        secret: str | None,
    ) -> None:
        self._calls = calls
        self._agents = agents
        self._deliveries = deliveries
        self._poster = poster
        self._secret = secret

    @activity.defn
    async def deliver_next_webhook(self, call_id: str) -> str:
        """Deliver the earliest webhook that waits; its event, or an empty text when none does.

        A receiver that does not take it raises, to be tried again; each attempt is kept.
        """
        with translated():
            waiting = await self._deliveries.next_pending(call_id)
            if waiting is None:
                return ""
            url = await self._url(call_id)
        if url is None:
            await self._note(waiting, "the agent has no webhook_url any more")
            await self._give_up(waiting)
            return waiting.notice.event
        await self._post(url, waiting)
        return waiting.notice.event

    async def _post(self, url: str, waiting: Delivery) -> None:
        notice, body = waiting.notice, waiting.notice.body.encode()
        headers = webhook_headers(notice.event, body, datetime.now(UTC), self._secret)
        try:
            await self._poster.post(
                url, body, {**headers, "X-Webhook-Traceid": notice.trace_id}, within_seconds=POST_SECONDS
            )
        except WebhookFailedError as error:
            await self._note(waiting, str(error))
            raise ApplicationError(
                f"{notice.event} was not taken: {error}",
                type="NotTaken",
                next_retry_delay=_pause(error.retry_after_seconds),
            ) from error
        await self._note(waiting, "")

    async def _note(self, waiting: Delivery, error: str) -> None:
        with translated():
            await self._deliveries.note_attempt(waiting.notice.trace_id, Attempt(datetime.now(UTC), error[:500]))

    async def _give_up(self, waiting: Delivery) -> None:
        with translated():
            await self._deliveries.give_up(waiting.notice.trace_id)

    async def _url(self, call_id: str) -> str | None:
        """Where the agent's owner wants to be told now; of an agent that is gone, where it wanted to be then."""
        stored = await self._calls.find(call_id)
        if stored is None:
            return None
        agent = await self._agents.agent(stored.agent_id) if stored.agent_id else None
        return agent.webhook_url if agent else stored.agent.webhook_url

    @activity.defn
    async def give_up_webhook(self, call_id: str) -> str:
        """Settle the earliest webhook that waits as given up, so that the next one gets its turn; its event."""
        with translated():
            waiting = await self._deliveries.next_pending(call_id)
        if waiting is None:
            return ""
        await self._give_up(waiting)
        return waiting.notice.event


def _pause(asked: float | None) -> timedelta | None:
    """How long a receiver is left alone at its own wish; it can make that longer than it would be, not shorter."""
    if asked is None:
        return None
    own = FIRST_PAUSE * 2.0 ** min(activity.info().attempt - 1, 30)
    return timedelta(seconds=min(max(asked, own), LONGEST_RETRY_AFTER))
