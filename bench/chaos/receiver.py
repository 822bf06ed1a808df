"""The customers' own server that webhooks go to: it fails, hangs, lies and floods at first, then takes everything."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from bench.chaos.deeds import Told

SECRET = "what-the-customers-and-we-alone-know"  # noqa: S105 - of a stack that lives for one run
_HANG_SECONDS = 12.0
"""Longer than a receiver may take."""
_FLOOD_BYTES = 4 * 1024 * 1024
_MOODS = ("well", "well", "well", "well", "fails", "busy", "resets", "hangs", "sends away", "lies", "floods")
"""How a webhook is met the first times, drawn by its trace id."""
BAD_TIMES = 2


@dataclass
class Receiver:
    """Remembers every request, and how it answered."""

    url: str = ""
    told: list[Told] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Note one request, then answer as its trace id has drawn."""
        told = _noted(request, await request.read())
        before = sum(one.trace_id == told.trace_id for one in self.told)
        self.told.append(told)
        return await _ANSWERS[_mood(told.trace_id) if before < BAD_TIMES else "well"](request, told)


def _noted(request: web.Request, body: bytes) -> Told:
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    headers = request.headers
    timestamp = headers.get("X-Webhook-Timestamp", "")
    digest = hmac.new(SECRET.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return Told(
        at=time.time(),
        path=request.path,
        event=headers.get("X-Webhook-Event", ""),
        trace_id=headers.get("X-Webhook-Traceid", ""),
        is_signed=hmac.compare_digest(headers.get("X-Webhook-Signature", ""), f"sha256={digest}"),
        body_sha256=hashlib.sha256(body).hexdigest(),
        said=said,
    )


def _mood(trace_id: str) -> str:
    return _MOODS[hashlib.sha256(trace_id.encode()).digest()[0] % len(_MOODS)]


async def _well(_: web.Request, told: Told) -> web.StreamResponse:
    told.is_taken = True
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _fails(_: web.Request, __: Told) -> web.StreamResponse:
    return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)


async def _busy(_: web.Request, __: Told) -> web.StreamResponse:
    return web.Response(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "1"})


async def _resets(request: web.Request, _: Told) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _hangs(_: web.Request, __: Told) -> web.StreamResponse:
    await asyncio.sleep(_HANG_SECONDS)
    return web.Response()


async def _sends_away(_: web.Request, __: Told) -> web.StreamResponse:
    return web.Response(status=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": "/elsewhere"})


async def _lies(_: web.Request, told: Told) -> web.StreamResponse:
    told.is_taken = True
    return web.Response(body=b'\xff{"event": "CallHandler.CallEnded", "call": 1e999')


async def _floods(_: web.Request, told: Told) -> web.StreamResponse:
    told.is_taken = True
    return web.Response(body=b"a" * _FLOOD_BYTES)


_ANSWERS: dict[str, Callable[[web.Request, Told], Awaitable[web.StreamResponse]]] = {
    "well": _well,
    "fails": _fails,
    "busy": _busy,
    "resets": _resets,
    "hangs": _hangs,
    "sends away": _sends_away,
    "lies": _lies,
    "floods": _floods,
}


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A server on a free port of loopback."""
    receiving = Receiver()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/webhooks", receiving.take)
    app.router.add_route("*", "/elsewhere", receiving.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiving.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
        yield receiving
    finally:
        await runner.cleanup()
