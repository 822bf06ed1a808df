"""The one door to other people's servers: resolves public names to loopback, signs, times out, retries.

No host is contacted that is neither mapped nor loopback: a simulator must never reach a stranger.
"""

import asyncio
import ipaddress
import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp
from yarl import URL

from simulator.account import Account
from simulator.signature import sign

log = logging.getLogger(__name__)

Form = Sequence[tuple[str, str]]
SECURE = {"http": "https", "https": "https", "ws": "https", "wss": "https"}
BODY_LIMIT = 64 * 1024


class HostRefusedError(Exception):
    """The URL names a host that is neither mapped nor loopback."""


@dataclass(frozen=True)
class Overrides:
    """Connection settings that a URL's fragment may carry (milliseconds; retries on connect time-out by default)."""

    ct: int = 5000
    rt: int = 15000
    tt: int = 15000
    rc: int = 1
    rp: str = "ct"

    def retries(self, failure: str) -> bool:
        """Tell whether this kind of failure is retried: ct, rt, 4xx or 5xx."""
        policies = self.rp.split(",")
        return bool(failure) and ("all" in policies or failure in policies)


@dataclass(frozen=True)
class Reply:
    """What came back. ``status`` 0: nothing did; ``failure`` is ct, rt, 4xx, 5xx or empty."""

    status: int
    body: str = ""
    content_type: str = ""
    attempts: int = 1
    failure: str = ""
    error: str = ""

    @property
    def ok(self) -> bool:
        """True for a 2xx answer."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of success


@dataclass(frozen=True)
class Outgoing:
    """One request to the application, whatever the number of its attempts."""

    method: str
    url: str
    form: Form
    token: str

    @property
    def public_url(self) -> str:
        """Give the URL as signed and asked for: without fragment, and for GET with the form in its query."""
        url = self.url.partition("#")[0]
        if self.method != "GET" or not self.form:
            return url
        return url + ("&" if "?" in url else "?") + urlencode(self.form)

    @property
    def body(self) -> bytes | None:
        """Give the form as a body, which a GET has not."""
        return None if self.method == "GET" else urlencode(self.form).encode()


def overrides_of(url: str) -> Overrides:
    """Read the connection overrides of a URL's fragment; unknown or unreadable ones are ignored."""
    given = dict(parse_qsl(urlsplit(url).fragment))
    numbers = {key: int(given[key]) for key in ("ct", "rt", "tt", "rc") if given.get(key, "").isdigit()}
    return Overrides(**numbers, rp=given.get("rp", "ct"))


class Outside:
    """Requests to the application, signed as the carrier signs them."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Start the connection pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), headers={"User-Agent": "TwilioProxy/1.1"}, trust_env=False
        )

    async def close(self) -> None:
        """Close the connection pool."""
        if self._session is not None:
            await self._session.close()

    def address(self, url: str) -> str:
        """Give the loopback URL to contact for a public one, fragment dropped.

        Raises:
            HostRefusedError: the host is neither mapped nor loopback.
        """
        parts = urlsplit(url)
        origin = f"{SECURE.get(parts.scheme, parts.scheme)}://{parts.netloc}".lower()
        plain = f"http://{parts.netloc}".lower()
        target = self._account.resolve.get(origin) or self._account.resolve.get(plain)
        if target is None and not _is_loopback(parts.hostname):
            raise HostRefusedError(f"{parts.hostname} is neither mapped nor loopback; nothing was contacted")
        mapped = urlsplit(target) if target else parts
        scheme = mapped.scheme.replace("http", "ws") if parts.scheme.startswith("ws") and target else mapped.scheme
        return urlunsplit(
            (scheme, mapped.netloc, mapped.path.rstrip("/") * bool(target) + parts.path or "/", parts.query, "")
        )

    async def send(self, method: str, url: str, form: Form) -> Reply:
        """Send a signed form (or, for GET, a signed query) and give the last answer; never raises for their faults."""
        return (await self.send_copies(method, url, form, 1))[0]

    async def send_copies(self, method: str, url: str, form: Form, copies: int) -> list[Reply]:
        """Send the same request so many times in a row, one idempotency token for all."""
        outgoing = Outgoing(method, url, form, secrets.token_hex(16))
        return [await self._send(outgoing) for _ in range(copies)]

    async def scatter(self, method: str, url: str, form: Form, after: Sequence[float]) -> list[Reply]:
        """Send the same request once for each of these waits in seconds, one idempotency token for all."""
        outgoing = Outgoing(method, url, form, secrets.token_hex(16))

        async def late(seconds: float) -> Reply:
            await asyncio.sleep(seconds)
            return await self._send(outgoing)

        return await asyncio.gather(*(late(seconds) for seconds in after))

    async def _send(self, outgoing: Outgoing) -> Reply:
        rules = overrides_of(outgoing.url)
        reply = Reply(0, failure="rt", error="no answer in time")
        with suppress(TimeoutError):
            async with asyncio.timeout(rules.tt / 1000):  # all attempts together
                for attempt in range(1, rules.rc + 2):
                    reply = replace(await self._attempt(outgoing, rules), attempts=attempt)
                    if not rules.retries(reply.failure):
                        break
        return reply

    async def _attempt(self, outgoing: Outgoing, rules: Overrides) -> Reply:
        try:
            return await self._request(outgoing, rules)
        except HostRefusedError as refused:
            log.warning("refused: %s", refused)
            return Reply(0, failure="refused", error=str(refused))
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as failed:
            return Reply(0, failure="ct", error=repr(failed))
        except (TimeoutError, aiohttp.ClientError) as failed:
            return Reply(0, failure="rt", error=repr(failed))

    async def _request(self, outgoing: Outgoing, rules: Overrides) -> Reply:
        if self._session is None:
            raise RuntimeError("the simulator is not running")
        public, data = outgoing.public_url, outgoing.body
        limits = aiohttp.ClientTimeout(total=None, sock_connect=rules.ct / 1000, sock_read=rules.rt / 1000)
        async with self._session.request(
            outgoing.method,
            URL(self.address(public), encoded=True),  # to the letter as signed
            data=data,
            headers={
                "Host": urlsplit(public).netloc,
                "X-Twilio-Signature": sign(self._account.auth_token, public, outgoing.form if data else ()),
                "I-Twilio-Idempotency-Token": outgoing.token,
                **({"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"} if data else {}),
            },
            timeout=limits,
            allow_redirects=False,
        ) as response:
            body = (await response.content.read(BODY_LIMIT)).decode("utf-8", "replace")
            failure = {4: "4xx", 5: "5xx"}.get(response.status // 100, "")
            return Reply(response.status, body, response.content_type, failure=failure)


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
