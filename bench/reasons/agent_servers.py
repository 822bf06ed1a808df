"""Agent servers that misbehave, each in its own way, behind one address: the first part of the path says which."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Talk = Callable[[ServerConnection], Awaitable[None]]

NO_CODE, BROKEN = 1005, 1006


async def _say(socket: ServerConnection, words: str, response_id: int = 0) -> None:
    await socket.send(json.dumps({"response_id": response_id, "content": words, "content_complete": True}))


async def _talk_on(socket: ServerConnection) -> None:
    """Answer everything and never end a call, not even when told that it must."""
    await _say(socket, "Let me tell you a story.")
    async for frame in socket:
        asked = json.loads(frame)
        if "response_id" in asked:
            await _say(socket, "And then?", asked["response_id"])


async def _say_one_thing(socket: ServerConnection) -> None:
    """Greet, and leave every question unanswered."""
    await _say(socket, "Is anybody there?")
    await socket.wait_closed()


async def _let_them_talk(socket: ServerConnection) -> None:
    """Let the callee speak first, and answer nothing: what a machine says must not look like a conversation."""
    await _say(socket, "")
    await socket.wait_closed()


async def _close(socket: ServerConnection, code: int) -> None:
    """Greet and leave. 1005 is a close without a code, 1006 none at all: the connection breaks."""
    await _say(socket, "Hello.")
    if code == BROKEN:
        socket.transport.abort()
    elif code == NO_CODE:
        async with socket.send_context():
            socket.protocol.send_close()
    else:
        await socket.close(code)
    await socket.wait_closed()


async def _send_bytes(socket: ServerConnection) -> None:
    """Send audio, as if this were another protocol."""
    await socket.send(bytes(160))
    await socket.wait_closed()


async def _send_nonsense(socket: ServerConnection) -> None:
    """Send text that is no JSON."""
    for _ in range(20):
        await socket.send("{nonsense")
    await socket.wait_closed()


async def _fall_silent(socket: ServerConnection) -> None:
    """Want keep-alives, and answer none."""
    await socket.send(json.dumps({"response_type": "config", "config": {"auto_reconnect": True}}))
    await _say(socket, "Let me think about that.")
    await socket.wait_closed()


BEHAVIOURS: Mapping[str, Talk] = {
    "talks-on": _talk_on,
    "says-one-thing": _say_one_thing,
    "lets-them-talk": _let_them_talk,
    "closes-1000": partial(_close, code=1000),
    "closes-1005": partial(_close, code=NO_CODE),
    "closes-1007": partial(_close, code=1007),
    "closes-1011": partial(_close, code=1011),
    "keeps-breaking": partial(_close, code=BROKEN),
    "goes-away": partial(_close, code=BROKEN),
    "sends-bytes": _send_bytes,
    "sends-nonsense": _send_nonsense,
    "falls-silent": _fall_silent,
}
VANISHING = "goes-away"
"""After the first connection of a call it takes no other."""


class _Doors:
    """Who may come in: everybody, but to a server that went away nobody comes twice."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def __call__(self, socket: ServerConnection, request: Request) -> Response | None:
        came_before = request.path in self._seen
        self._seen.add(request.path)
        if came_before and _behaviour(request.path) == VANISHING:
            return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "gone\n")
        return None


def _behaviour(path: str) -> str:
    return path.strip("/").partition("/")[0]


async def _serve(socket: ServerConnection) -> None:
    path = socket.request.path if socket.request else ""
    try:
        await BEHAVIOURS[_behaviour(path)](socket)
    except ConnectionClosed:
        return  # the other side was quicker


@asynccontextmanager
async def misbehaving() -> AsyncIterator[str]:
    """The servers' address, without the behaviour, while they run."""
    async with serve(_serve, "127.0.0.1", 0, process_request=_Doors(), ping_interval=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.sleep(0)  # let the last closes leave before the server is torn down
