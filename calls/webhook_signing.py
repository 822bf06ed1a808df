"""The headers by which a customer knows that a webhook is ours."""

import hashlib
import hmac
from datetime import datetime


def webhook_headers(event: str, body: bytes, at: datetime, secret: str | None) -> dict[str, str]:
    """Event, time of sending, and the signature if there is a secret to make it with.

    The signature is `sha256=` and the HMAC-SHA256 in hex over the timestamp, a dot and the raw body.
    """
    timestamp = at.isoformat(timespec="milliseconds")
    headers = {"X-Webhook-Event": event, "X-Webhook-Timestamp": timestamp}
    if secret is not None:
        digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers["X-Webhook-Signature"] = f"sha256={digest}"
    return headers
