"""How customers are told and asked over HTTP."""

from collections.abc import Mapping
from typing import Protocol


class WebhookFailedError(Exception):
    """The customer's server did not take a webhook; the text says why, and holds nothing of its address."""


class WebhookPoster(Protocol):
    """Posts to customers' servers."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, within_seconds: float) -> bytes:
        """Post JSON, once; the body of the answer. Raises WebhookFailedError, also for any answer but a 2xx."""
        ...
