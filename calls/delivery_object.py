"""A call's webhooks as the HTTP API and the command line show them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from calls.call_object import utc
from calls.notices import CallEvent
from calls.ports.delivery_store import Delivery, DeliveryStatus


class AttemptObject(BaseModel):
    """One delivery that was tried; `error` is null when the receiver took it."""

    at: datetime
    error: str | None


class WebhookObject(BaseModel):
    """One webhook of a call. `attempts` are the latest fifty, `attempt_count` is of all."""

    event: CallEvent
    trace_id: str
    timestamp: datetime
    status: DeliveryStatus
    attempt_count: int
    attempts: list[AttemptObject]


class WebhookList(BaseModel):
    """The webhooks of a call, in the order of its events."""

    webhooks: list[WebhookObject]


def webhook_object(delivery: Delivery) -> dict[str, Any]:
    """A webhook as the API and the command line show it."""
    notice = delivery.notice
    return WebhookObject(
        event=notice.event,
        trace_id=notice.trace_id,
        timestamp=utc(notice.at),
        status=delivery.status,
        attempt_count=delivery.attempt_count,
        attempts=[AttemptObject(at=utc(one.at), error=one.error or None) for one in delivery.attempts],
    ).model_dump(mode="json")


def nothing_to_redeliver(call_id: str, event: CallEvent | None) -> str:
    """Why there is nothing to send again, in words for whoever asked."""
    which = event.value if event else "webhook"
    return f"call {call_id} has no {which} to send: there are some only if its agent had a webhook_url at its start"
