"""A language model's endpoint on loopback: answers by a script, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Deltas = list[dict[str, Any]]
Script = Callable[[dict[str, Any]], Deltas | int]
"""Given a request's body: the deltas to stream, or the HTTP status to fail with."""


def text(*pieces: str) -> Deltas:
    """Words, piece by piece."""
    return [{"content": piece} for piece in pieces]


def tool(name: str, *arguments: str) -> Deltas:
    """A tool call whose arguments come in pieces."""
    first = {"index": 0, "id": "t1", "type": "function", "function": {"name": name, "arguments": ""}}
    rest = [{"index": 0, "function": {"arguments": piece}} for piece in arguments]
    return [{"tool_calls": [piece]} for piece in (first, *rest)]


@dataclass(slots=True)
class FakeCompletions:
    """What was asked. While `held` is not set, an answer stops after its first piece; `dropped` tells of hangups."""

    script: Script = lambda _: text("Hello", " there.")
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    dropped: asyncio.Event = field(default_factory=asyncio.Event)
    base_url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One chat completion."""
        body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("Authorization"))
        answer = self.script(body)
        if isinstance(answer, int):
            return web.Response(status=answer, text="no")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": a comment\n\n")
        try:
            for delta in answer:
                event = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
                await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")
                await self.held.wait()
        except (asyncio.CancelledError, ConnectionError):
            self.dropped.set()
            raise
        await response.write(b"data: [DONE]\n\n")
        return response


@asynccontextmanager
async def listening() -> AsyncIterator[FakeCompletions]:
    """The endpoint, up on a free port."""
    fake = FakeCompletions()
    fake.held.set()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.answer)
    # Without it a request goes on after its client hung up, and nobody would see the hangup.
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield fake
    await runner.cleanup()
