"""The relay's end of a session: a bounded queue towards a carrier that may read slowly."""

import asyncio

from gateway.relay.ports import RelaySocket

MAX_FRAME_BYTES = 64 * 1024
_HIGH_WATER = 256  # frames waiting for the relay; beyond it the agent server is not read any more


class RelayLine:
    """Sends in order without waiting, and tells when it is far behind."""

    __slots__ = ("_flows", "_pump", "_socket", "_waiting")

    def __init__(self, socket: RelaySocket) -> None:
        self._socket = socket
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._flows = asyncio.Event()
        self._flows.set()
        self._pump: asyncio.Task[None] | None = None

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Start sending."""
        self._pump = group.create_task(self._send_all())

    def finish(self) -> None:
        """Stop sending."""
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None  # its cancellation remembers where it was, and so this
        self._flows.set()

    async def receive(self) -> str | bytes | None:
        """The next message; one that is too long counts as no text. None once the relay closed."""
        message = await self._socket.receive()
        return b"" if message is not None and len(message) > MAX_FRAME_BYTES else message

    def send(self, text: str) -> None:
        """Queue a text message."""
        self._waiting.put_nowait(text)
        if self._waiting.qsize() >= _HIGH_WATER:
            self._flows.clear()

    async def wait_until_flowing(self) -> None:
        """Wait while too much is queued."""
        await self._flows.wait()

    async def close(self, code: int) -> None:
        """Close the relay's socket."""
        await self._socket.close(code)

    async def _send_all(self) -> None:
        while True:
            await self._socket.send(await self._waiting.get())
            if self._waiting.qsize() < _HIGH_WATER // 2:
                self._flows.set()
