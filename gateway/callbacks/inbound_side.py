"""What a deployment says about calls that come in."""

from dataclasses import dataclass

from calls.ports.webhooks import WebhookPoster

TRY_SECONDS = 3.0
"""How long one of the three tries of an inbound webhook may take: the carrier gives us 15 s for everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundSide:
    """How customers are asked about a call that comes in, and what a caller hears whom nobody takes."""

    webhooks: WebhookPoster
    webhook_secret: str | None = None
    """Signs what is posted; without one nothing is signed."""
    webhook_try_seconds: float = TRY_SECONDS
    message: str
    message_language: str = "en-US"
