"""The SDK's transport, with what its own one lacks: time-outs, a promise never to ask twice, another origin.

The SDK's transport ignores its time-out, and when told to retry it repeats even the POST that rings a phone.
"""

import logging
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

import aiohttp
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]  # the SDK ships no types
from twilio.http.response import Response  # type: ignore[import-untyped]  # the SDK ships no types
from typing_extensions import override

API_ORIGIN = "https://api.twilio.com"
TOTAL_SECONDS = 15.0
"""How long one request may take in all."""
CONNECT_SECONDS = 5.0
"""How long a connection may take to come up; until then nothing was sent."""
CONNECTED_WITHIN_SECONDS = 8.0
"""The same with all that comes before: looking the name up, and waiting for one of the connections to be free."""
KEEP_ALIVE_SECONDS = 5.0
"""How long an idle connection is kept. A dial on one that the carrier is just closing would be ambiguous."""
AUDIO_SILENCE_SECONDS = 30.0
"""How long a download may stand still."""

_logger = logging.getLogger(__name__)


class DirectHttpClient(AsyncHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """Sends each request once, to Twilio or to the one origin that stands in for it. Needs a running loop."""

    def __init__(self, origin: str | None = None, total_seconds: float = TOTAL_SECONDS) -> None:
        super().__init__(_logger, is_async=True, timeout=total_seconds)
        self.origin: SplitResult = urlsplit(origin or API_ORIGIN)
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(
                total=total_seconds, connect=CONNECTED_WITHIN_SECONDS, sock_connect=CONNECT_SECONDS
            ),
        )
        # Recordings that come slowly shall not keep a hangup or a dial waiting for a connection.
        self.audio_session = aiohttp.ClientSession()

    @override
    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, str] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request. Raises aiohttp.ClientError and TimeoutError as they come.

        The signature is the SDK's; the session's own time-outs rule, and no redirect is followed.
        """
        headers = dict(headers or {})
        if auth is not None:
            headers["Authorization"] = aiohttp.encode_basic_auth(*auth)
        body = urlencode(data, doseq=True) if data else None
        async with self.session.request(
            method, self.address(url), params=params, data=body, headers=headers, allow_redirects=False
        ) as response:
            return Response(response.status, await response.text(), response.headers)

    def address(self, url: str) -> str:
        """The same address at the configured origin. Raises ValueError for any other host than Twilio's API."""
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname != urlsplit(API_ORIGIN).hostname:
            raise ValueError(f"no request to {parts.hostname} belongs here")
        return urlunsplit((self.origin.scheme, self.origin.netloc, parts.path, parts.query, ""))

    async def close(self) -> None:
        """Close every connection."""
        await self.session.close()
        await self.audio_session.close()
