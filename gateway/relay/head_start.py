"""Connecting to an agent server before the relay is there, so that its first words are ready when the callee listens.

Rules of this file
1. A head start is a favour: it is never waited for, its failure is nobody's, and a session without one connects itself.
2. It belongs to whoever takes it first. What nobody takes (the relay came to another gateway, or never) is closed soon.
"""

import asyncio
import logging
from dataclasses import dataclass

from conversation.agent_port import AgentConnector, AgentSocket, AgentUnreachableError

log = logging.getLogger(__name__)

_GOING_AWAY = 1001


@dataclass(frozen=True, slots=True)
class _Waiting:
    url: str
    connecting: asyncio.Task[AgentSocket]
    expiry: asyncio.TimerHandle


class HeadStart:
    """An AgentConnector that gives away the connections it was told to make beforehand.

    `keep_seconds` is less than the 5 s after which a server that wants keep-alives may give us up: nobody sends them
    yet. Beyond `most` waiting ones none is begun.
    """

    def __init__(self, connector: AgentConnector, *, keep_seconds: float = 4.0, most: int = 200) -> None:
        self._connector = connector
        self._keep_seconds = keep_seconds
        self._most = most
        self._waiting: dict[str, _Waiting] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many connections nobody has taken yet."""
        return len(self._waiting)

    def begin(self, url: str, call_id: str) -> None:
        """Connect for a call whose relay is about to come, unless that is under way."""
        if call_id in self._waiting or len(self._waiting) >= self._most:
            return
        connecting = asyncio.ensure_future(self._connector.connect(url, call_id))
        expiry = asyncio.get_running_loop().call_later(self._keep_seconds, self._expire, call_id)
        self._waiting[call_id] = _Waiting(url, connecting, expiry)

    async def connect(self, url: str, call_id: str) -> AgentSocket:
        """The connection of one call: the one that was begun, else a new one. Raises AgentUnreachableError."""
        begun = self._take(call_id)
        if begun is None:
            return await self._connector.connect(url, call_id)
        if begun.url != url:
            self._discard(begun.connecting)
            return await self._connector.connect(url, call_id)
        try:
            return await asyncio.shield(begun.connecting)
        except asyncio.CancelledError:
            self._discard(begun.connecting)  # it may have come up at this very moment
            raise

    async def close(self) -> None:
        """Drop what nobody took, and wait until it is closed."""
        for call_id in list(self._waiting):
            self._expire(call_id)
        if self._closing:
            await asyncio.wait(self._closing)

    def _take(self, call_id: str) -> _Waiting | None:
        begun = self._waiting.pop(call_id, None)
        if begun is not None:
            begun.expiry.cancel()
        return begun

    def _expire(self, call_id: str) -> None:
        begun = self._take(call_id)
        if begun is not None:
            self._discard(begun.connecting)

    def _discard(self, connecting: asyncio.Task[AgentSocket]) -> None:
        closing = asyncio.create_task(_close(connecting))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def _close(connecting: asyncio.Task[AgentSocket]) -> None:
    connecting.cancel()
    try:
        socket = await connecting
    except (asyncio.CancelledError, AgentUnreachableError):
        return
    await socket.close(_GOING_AWAY)
