"""The agent server's end of a session: connects, reads, and hands every event to the conversation.

A connection that was given up is never heard again: its task is cancelled before another one begins.
"""

import asyncio
from collections.abc import Callable

from conversation.agent_port import AgentClosedError, AgentConnector, AgentSocket, AgentUnreachableError
from conversation.effects import Effect
from conversation.talk import Conversation
from gateway.relay.relay_line import RelayLine

_FRAMES_PER_SECOND, _BYTES_PER_SECOND = 500, 1024 * 1024  # far beyond any speech; a flood waits in its own socket
_FRAMES_AT_A_STRETCH = 16  # then others have their turn: a socket with much in hand is never waited for

Apply = Callable[[list[Effect]], None]


def _nobody(_: list[Effect]) -> None:
    """Before a session begins and after it is over, nothing follows from an event."""


class AgentLine:
    """The connection, or the attempts at one, of a session."""

    __slots__ = (
        "_apply",
        "_bytes",
        "_call_id",
        "_closing",
        "_connector",
        "_frames",
        "_group",
        "_loop",
        "_relay",
        "_socket",
        "_talk",
        "_task",
        "_url",
        "_window_ends",
    )

    def __init__(self, connector: AgentConnector, url: str, call_id: str, relay: RelayLine) -> None:
        self._connector = connector
        self._url = url
        self._call_id = call_id
        self._relay = relay
        self._loop = asyncio.get_running_loop()
        self._group: asyncio.TaskGroup | None = None
        self._talk: Conversation | None = None
        self._apply: Apply = _nobody
        self._socket: AgentSocket | None = None
        self._task: asyncio.Task[None] | None = None
        self._window_ends = 0.0
        self._frames = self._bytes = 0
        self._closing: set[asyncio.Task[None]] = set()

    def begin(self, group: asyncio.TaskGroup, talk: Conversation, apply: Apply) -> None:
        """Work within `group`; events go to `talk`, and what it wants to `apply`."""
        self._group, self._talk, self._apply = group, talk, apply

    def connect(self, delay: float) -> None:
        """Connect in `delay` seconds."""
        if self._group is not None and self._talk is not None:
            self._task = self._group.create_task(self._serve(self._talk, delay))

    def send(self, text: str) -> None:
        """Send a text frame, if there is a connection."""
        if self._socket is not None:
            self._socket.send(text)

    def hang_up(self, code: int) -> None:
        """Close the connection, or give up connecting."""
        socket, self._socket = self._socket, None
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
        if socket is not None and self._group is not None:
            closing = self._group.create_task(socket.close(code))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def finish(self) -> None:
        """Wait until what was closed is closed, and let go of the session: it is freed at once, with no collector."""
        if self._closing:
            await asyncio.wait(self._closing)
        self._group, self._talk, self._apply = None, None, _nobody

    async def _serve(self, talk: Conversation, delay: float) -> None:
        await asyncio.sleep(delay)
        try:
            socket = await self._connector.connect(self._url, self._call_id)
        except AgentUnreachableError as error:
            self._apply(talk.agent_failed(str(error), self._loop.time()))
            return
        self._socket = socket
        self._apply(talk.agent_connected(self._loop.time()))
        while self._socket is socket:
            await self._relay.wait_until_flowing()
            try:
                message = await socket.receive()
            except AgentClosedError as error:
                if self._socket is socket:
                    self._socket = None
                    self._apply(talk.agent_closed(error.code, self._loop.time()))
                return
            if self._socket is socket:
                self._take(talk, message)
            await self._brake(len(message))

    async def _brake(self, size: int) -> None:
        """Read no faster than any real server talks, so that one call's flood is not every call's."""
        now = self._loop.time()
        if now >= self._window_ends:
            self._window_ends, self._frames, self._bytes = now + 1, 0, 0
        self._frames += 1
        self._bytes += size
        if self._frames >= _FRAMES_PER_SECOND or self._bytes >= _BYTES_PER_SECOND:
            await asyncio.sleep(self._window_ends - now)
        elif self._frames % _FRAMES_AT_A_STRETCH == 0:
            await asyncio.sleep(0)

    def _take(self, talk: Conversation, message: str | bytes) -> None:
        now = self._loop.time()
        self._apply(talk.agent_text(message, now) if isinstance(message, str) else talk.agent_binary(now))
