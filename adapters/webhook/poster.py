"""Posting to customers' servers over HTTP.

The address is never logged and no redirect is followed: both could carry a secret elsewhere.
"""

from collections.abc import Mapping

import aiohttp
from yarl import URL

from adapters.public_addresses import PrivateAddressError, refuse_private_literal
from adapters.webhook.strangers_only import StrangersOnly
from calls.ports.webhooks import WebhookFailedError

ANSWER_LIMIT = 256 * 1024
"""Bytes of an answer that are read."""
_PIECE = 64 * 1024
_OK = range(200, 300)


class HttpWebhookPoster:
    """A WebhookPoster with a connection of its own for each request: they are few, and their servers many.

    Unless `private_networks` are allowed, only addresses of the public internet are connected to.
    """

    def __init__(self, *, private_networks: bool) -> None:
        self._private_networks = private_networks

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, within_seconds: float) -> bytes:
        """Post JSON, once; the body of the answer. Raises WebhookFailedError, also for any answer but a 2xx."""
        timeout = aiohttp.ClientTimeout(total=within_seconds)
        sent = {**headers, "Content-Type": "application/json"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, connector=self._connector(url)) as session,
                session.post(url, data=body, headers=sent, allow_redirects=False) as response,
            ):
                if response.status not in _OK:
                    pause = _retry_after(response.headers.get("Retry-After", ""))
                    raise WebhookFailedError(f"HTTP {response.status}", retry_after_seconds=pause)
                return await _limited(response)
        except TimeoutError:
            raise WebhookFailedError(f"no answer within {within_seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise WebhookFailedError(_said(error)) from None  # the client's own error may quote the address

    def _connector(self, url: str) -> aiohttp.BaseConnector:
        if self._private_networks:
            return aiohttp.TCPConnector()
        if URL(url).scheme != "https":
            raise PrivateAddressError("the address is not https")
        refuse_private_literal(URL(url).host or "")
        return aiohttp.TCPConnector(resolver=StrangersOnly())


def _said(error: Exception) -> str:
    """What went wrong, without the address; why a private one was refused is found below the client's own error."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, PrivateAddressError):
        cause = cause.__cause__
    return str(cause) if cause else type(error).__name__


def _retry_after(header: str) -> float | None:
    """Seconds, where the header gives them as a number; dates are left to our own back-off."""
    return float(header) if header.isascii() and header.isdecimal() and len(header) <= len("999999") else None


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    received = bytearray()
    async for piece in response.content.iter_chunked(_PIECE):
        received += piece
        if len(received) > ANSWER_LIMIT:
            raise WebhookFailedError(f"an answer of more than {ANSWER_LIMIT // 1024} kB")
    return bytes(received)
