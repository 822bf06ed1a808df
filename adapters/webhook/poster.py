"""Posting to customers' servers over HTTP.

The address is never logged and no redirect is followed: both could carry a secret elsewhere.
"""

from collections.abc import Mapping

import aiohttp

from calls.ports.webhooks import WebhookFailedError

ANSWER_LIMIT = 256 * 1024
"""Bytes of an answer that are read."""
_PIECE = 64 * 1024
_OK = range(200, 300)


class HttpWebhookPoster:
    """A WebhookPoster with a connection of its own for each request: they are few, and their servers many."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, within_seconds: float) -> bytes:
        """Post JSON, once; the body of the answer. Raises WebhookFailedError, also for any answer but a 2xx."""
        timeout = aiohttp.ClientTimeout(total=within_seconds)
        sent = {**headers, "Content-Type": "application/json"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=body, headers=sent, allow_redirects=False) as response,
            ):
                if response.status not in _OK:
                    raise WebhookFailedError(f"HTTP {response.status}")
                return await _limited(response)
        except TimeoutError as error:
            raise WebhookFailedError(f"no answer within {within_seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise WebhookFailedError(type(error).__name__) from error


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    received = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        received += piece
        if len(received) > ANSWER_LIMIT:
            raise WebhookFailedError(f"an answer of more than {ANSWER_LIMIT // 1024} kB")
    return bytes(received)
