"""What the relay said before it closed is read, also by a side that first noticed the close while sending."""

from collections import deque
from collections.abc import MutableMapping
from typing import Any

from starlette.websockets import WebSocket

from gateway.relay.socket import StarletteSocket


async def closed_with_unread(*texts: str) -> StarletteSocket:
    """A relay's accepted socket that is closed; the texts were sent before."""
    arrived: deque[MutableMapping[str, Any]] = deque([{"type": "websocket.connect"}])
    arrived.extend({"type": "websocket.receive", "text": text} for text in texts)
    arrived.append({"type": "websocket.disconnect", "code": 1000})

    async def receive() -> MutableMapping[str, Any]:
        return arrived.popleft()

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.send":
            raise OSError("the peer has closed")

    websocket = WebSocket({"type": "websocket", "path": "/", "headers": []}, receive, send)
    await websocket.accept()
    return StarletteSocket(websocket)


async def test_what_came_before_the_close_is_read() -> None:
    """The last words that were played are reported just before the end, while more of them is on its way."""
    socket = await closed_with_unread("played one", "played two")
    await socket.send("more words")
    await socket.send("and more")
    assert [await socket.receive() for _ in range(4)] == ["played one", "played two", None, None]
