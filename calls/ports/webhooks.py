"""How customers are told and asked over HTTP."""

from collections.abc import Mapping
from typing import Protocol


class WebhookFailedError(Exception):
    """The customer's server did not take a webhook; the text says why, and holds nothing of its address.

    `retry_after_seconds` is how long the server asked to be left alone, if it did.
    """

    def __init__(self, why: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_seconds = retry_after_seconds


class WebhookPoster(Protocol):
    """Posts to customers' servers."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, within_seconds: float) -> bytes:
        """Post JSON, once; the body of the answer. Raises WebhookFailedError, also for any answer but a 2xx."""
        ...


class Courier(Protocol):
    """Sees to it that webhooks are delivered."""

    async def fetch(self, call_id: str) -> None:
        """Have whatever waits for this call delivered, in order, however long it takes. Durable once this returns."""
        ...


class Announcer(Protocol):
    """Tells customers what happens to their calls."""

    async def announce(self, call_id: str) -> None:
        """Make sure that everything a call's record calls for is told, or waits to be."""
        ...
