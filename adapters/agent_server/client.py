"""The websocket connection to an agent server, one per call.

Rules of this file
1. The address is never logged whole and no redirect is followed: both could carry a secret elsewhere.
2. Sending never waits: a server that reads nothing is cut off and cannot hold up the call.
"""

import asyncio
import logging
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from adapters.agent_server.address import BadAgentAddressError, address_of_call, shown
from adapters.public_addresses import PrivateAddressError, refuse_private
from conversation.agent_port import AgentClosedError, AgentUnreachableError

log = logging.getLogger(__name__)

BROKEN = 1006
_OUR_VERDICTS = {1002, 1007, 1009}  # closes of ours that say what was wrong with the server's data
_MAX_QUEUED = 256  # frames: minutes of talk; a server this far behind is not listening
_MAX_QUEUED_CHARACTERS = 8 * 1024 * 1024  # each question holds the whole transcript


class _Connect(connect):
    """The library's connect, without redirects."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class AgentServerConnector:
    """Opens sockets to agent servers. Durations are in seconds, sizes in bytes.

    All of them share one TLS context (the system's authorities, unless one is given): to make one for each connection
    stops every call of the process for 40 ms and keeps 800 kB. Unless `private_networks` are allowed, a name is looked
    up once, and the addresses that were looked at are those that are connected to.
    """

    def __init__(
        self,
        *,
        private_networks: bool,
        open_timeout: float = 7.0,
        max_frame_bytes: int = 256 * 1024,
        close_timeout: float = 2.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._private_networks = private_networks
        self._lookups = Lookups()
        self._tls = tls or ssl.create_default_context()
        # The library's debug log prints the request line, and with it whatever secret the path holds.
        silent = logging.getLogger(f"{__name__}.wire")
        silent.setLevel(logging.CRITICAL)
        self._options: dict[str, Any] = {
            "compression": None,  # costs memory and time per frame, and frames are small
            "proxy": None,
            "open_timeout": open_timeout,
            "close_timeout": close_timeout,
            "max_size": max_frame_bytes,
            "logger": silent,
        }

    async def connect(self, url: str, call_id: str) -> "AgentServerSocket":
        """Open the socket of one call. Raises AgentUnreachableError."""
        try:
            address = address_of_call(url, call_id)
            tls: dict[str, Any] = {"ssl": self._tls} if address.startswith("wss:") else {}
            return AgentServerSocket(await self._opened(address, tls))
        except PrivateAddressError as error:
            self._warn(str(error), url, call_id)
            raise AgentUnreachableError(str(error)) from error
        except InvalidStatus as error:
            self._warn(f"HTTP {error.response.status_code}", url, call_id)
            raise AgentUnreachableError(f"HTTP {error.response.status_code}") from error
        except BadAgentAddressError as error:
            raise AgentUnreachableError(str(error)) from error
        except (OSError, WebSocketException, TimeoutError, ValueError) as error:
            self._warn(type(error).__name__, url, call_id)
            raise AgentUnreachableError(type(error).__name__) from error

    def _warn(self, why: str, url: str, call_id: str) -> None:
        text = "agent server not reached (%s): is llm_websocket_url right, and does the server answer?"
        log.warning(text, why, extra={"call_id": call_id, "server": shown(url)})

    async def _opened(self, address: str, tls: dict[str, Any]) -> ClientConnection:
        if self._private_networks:
            return await _Connect(address, **self._options, **tls)
        async with asyncio.timeout(self._options["open_timeout"]):
            *others, last = await self._lookups.public_addresses(address)
            for host in others:
                try:
                    return await _Connect(address, **self._options, **tls, host=host)
                except OSError as error:
                    log.debug("%s of an agent server's addresses was not reached: %s", host, error)
            return await _Connect(address, **self._options, **tls, host=last)


class Lookups:
    """Finds addresses, one lookup for a name at a time, whoever waits for it.

    A lookup cannot be called off and holds one of the process's few resolver threads until the system gives up on it:
    calls of an agent whose name servers are dead would take them all, and every other call would wait.
    """

    def __init__(self) -> None:
        self._under_way: dict[tuple[str | None, int], asyncio.Future[list[str]]] = {}

    async def public_addresses(self, url: str) -> list[str]:
        """Where to connect for this websocket address, the best first. Raises PrivateAddressError, OSError."""
        parts = urlsplit(url)
        name = parts.hostname, parts.port or (443 if parts.scheme == "wss" else 80)
        looking = self._under_way.get(name)
        if looking is None:
            looking = self._under_way[name] = asyncio.ensure_future(self._look_up(*name))
            looking.add_done_callback(lambda done: self._found(name, done))
        addresses = await asyncio.shield(looking)
        for address in addresses:
            refuse_private(address)
        return addresses

    def _found(self, name: tuple[str | None, int], done: asyncio.Future[list[str]]) -> None:
        del self._under_way[name]
        if not done.cancelled():
            done.exception()  # seen, also where nobody waits for it any more

    async def _look_up(self, host: str | None, port: int) -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [str(one[4][0]) for one in found]


class AgentServerSocket:
    """One open connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_MAX_QUEUED)
        self._size = 0  # of what waits
        self._writer: asyncio.Task[None] | None = asyncio.create_task(self._write())
        self._is_cut_off = False

    async def receive(self) -> str | bytes:
        """The next message, text or binary. Raises AgentClosedError."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            self._stop_writing()
            raise AgentClosedError(BROKEN if self._is_cut_off else _code(error)) from error

    def send(self, text: str) -> None:
        """Queue a text message; a server that has taken none for too long is cut off."""
        if self._waiting.full() or self._size > _MAX_QUEUED_CHARACTERS:
            self._is_cut_off = True
            self._connection.transport.abort()
            return
        self._waiting.put_nowait(text)
        self._size += len(text)

    async def close(self, code: int) -> None:
        """Send what is queued and close, within the close time-out."""
        self._stop_writing()
        try:
            while not self._waiting.empty():
                await asyncio.wait_for(self._connection.send(await self._next()), timeout=1.0)
        except (ConnectionClosed, TimeoutError):
            log.debug("frames were left unsent")
        await self._connection.close(code)

    async def _next(self) -> str:
        text = await self._waiting.get()
        self._size -= len(text)
        return text

    def _stop_writing(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None  # its cancellation remembers where it was, and so this

    async def _write(self) -> None:
        try:
            while True:
                await self._connection.send(await self._next())
        except ConnectionClosed:
            return  # the reader learns it too, with the code


def _code(error: ConnectionClosed) -> int:
    """The close code that says most: the server's own, else ours where it judges the server's data."""
    theirs, ours = error.rcvd, error.sent
    if ours is not None and not error.rcvd_then_sent and ours.code in _OUR_VERDICTS:
        return ours.code
    if theirs is not None:
        return theirs.code
    return BROKEN
