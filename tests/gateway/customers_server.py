"""A customer's own server on loopback: it answers webhooks as a test wants, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class CustomersServer:
    """`answers` are used up in order, the last one stays: a status, or a body, each after `slow_seconds`."""

    url: str = ""
    answers: list[int | bytes | dict[str, Any]] = field(default_factory=lambda: [{}])
    slow_seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    """Beside a status."""
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers and body of every request."""

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append((dict(request.headers), await request.read()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(self.slow_seconds)
        if isinstance(answer, int):
            return web.Response(status=answer, headers={"Location": self.url, **self.headers})
        return web.Response(body=answer if isinstance(answer, bytes) else json.dumps(answer).encode())


@asynccontextmanager
async def customers_server() -> AsyncIterator[CustomersServer]:
    """A server on a free port."""
    server = CustomersServer()
    app = web.Application()
    app.router.add_post("/calls", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/calls"
        yield server
    finally:
        await runner.cleanup()
