"""An agent server whose every answer is a different one, and always the same to the same question."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

GREETING = "Hello, ask me anything. I will count your questions."
GOODBYE = "Thank you for calling. Goodbye."
_TOKEN_SECONDS = 0.02


def answer(number: int) -> str:
    """What the agent says to the callee's so-manieth words."""
    return f"This is my answer to question {number}. It has a second sentence with the number {number} in it."


@asynccontextmanager
async def counting_agent() -> AsyncIterator[str]:
    """Serve on a free port of loopback; the address for an agent."""
    async with serve(_talk, "127.0.0.1", 0, compression=None) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/llm"


async def _talk(socket: ServerConnection) -> None:
    speaking: asyncio.Task[None] | None = None
    try:
        await _send(socket, response_type="config", config={"auto_reconnect": False, "call_details": False})
        await _send(socket, response_id=0, content=GREETING, content_complete=True)
        async for text in socket:
            frame = json.loads(text)
            if frame["interaction_type"] in ("response_required", "reminder_required"):
                if speaking is not None:
                    speaking.cancel()
                speaking = asyncio.create_task(_answer(socket, frame))
    except ConnectionClosed:
        return
    finally:
        if speaking is not None:
            speaking.cancel()


async def _answer(socket: ServerConnection, frame: dict[str, Any]) -> None:
    """Answer by the transcript alone, which is all that a server knows after its client's death."""
    said = [entry["content"] for entry in frame["transcript"] if entry["role"] == "user"]
    if said and "goodbye" in said[-1].lower():
        await _send(socket, response_id=frame["response_id"], content=GOODBYE, content_complete=True, end_call=True)
        return
    number = "".join(letter for letter in said[-1] if letter.isdigit()) if said else "0"
    for token in answer(int(number or 0)).split(" "):
        await _send(socket, response_id=frame["response_id"], content=f"{token} ")
        await asyncio.sleep(_TOKEN_SECONDS)
    await _send(socket, response_id=frame["response_id"], content="", content_complete=True)


async def _send(socket: ServerConnection, **frame: Any) -> None:
    try:
        await socket.send(json.dumps(frame))
    except ConnectionClosed:
        return
