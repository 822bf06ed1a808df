"""What the simulator's tests are made with: a tiny application, a way to serve one, a client of the simulator."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

SID = "AC" + "0" * 32
TOKEN = "secret-token"
PUBLIC = "https://ringback.test"
SPEED = 80.0
CALLER = "+14155550100"

RELAY_TWIML = """<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Start><Recording recordingStatusCallback="https://ringback.test/recording"
     recordingStatusCallbackEvent="in-progress completed absent"/></Start>
  <Connect action="https://ringback.test/relay-ended">
    <ConversationRelay url="wss://ringback.test/relay/1" events="speaker-events tokens-played">
      <Parameter name="callId" value="c1"/>
    </ConversationRelay>
  </Connect>
</Response>"""

Talk = Callable[[WebSocket], Awaitable[None]]


@dataclass
class Application:
    """What the application answers, and what it was told. ``twiml`` answers paths; others get an empty 204."""

    twiml: dict[str, str] = field(default_factory=dict)
    talk: Talk | None = None
    urls: list[str] = field(default_factory=list)
    requests: list[tuple[str, list[tuple[str, str]], dict[str, str]]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    handshakes: list[dict[str, str]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def forget(self) -> None:
        """Become as new for the next test."""
        fresh = Application()
        for name in ("twiml", "talk", "urls", "requests", "frames", "handshakes", "statuses"):
            setattr(self, name, getattr(fresh, name))

    def forms(self, path: str) -> list[dict[str, str]]:
        """Every form posted to a path, in order of arrival."""
        return [dict(form) for asked, form, _ in self.requests if asked == path]

    async def form(self, path: str, **wanted: str) -> dict[str, str]:
        """Wait for a form with these values on a path."""

        def found() -> dict[str, str] | None:
            return next((f for f in self.forms(path) if wanted.items() <= f.items()), None)

        async with asyncio.timeout(10), self.arrived:
            await self.arrived.wait_for(lambda: found() is not None)
        form = found()
        assert form is not None
        return form

    async def answer(self, request: Request) -> Response:
        """Keep what came and answer as told."""
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        async with self.arrived:
            self.urls.append(f"{request.url.path}?{request.url.query}")
            self.requests.append((request.url.path, pairs, dict(request.headers)))
            self.arrived.notify_all()
        text = self.twiml.get(request.url.path)
        status = self.statuses.get(request.url.path, 200 if text is not None else 204)
        return Response(text or "", status, media_type="text/xml" if text else None)

    async def relay(self, socket: WebSocket) -> None:
        """Accept the relay, then talk as told."""
        self.handshakes.append(dict(socket.headers))
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            if self.talk is not None:
                await self.talk(socket)
            while True:
                await self.hear(socket)

    async def hear(self, socket: WebSocket) -> dict[str, Any]:
        """Take one frame and keep it."""
        frame: dict[str, Any] = await socket.receive_json()
        async with self.arrived:
            self.frames.append(frame)
            self.arrived.notify_all()
        return frame

    async def hear_until(self, socket: WebSocket, kind: str) -> dict[str, Any]:
        """Take frames until one of this type; partial prompts are passed over."""
        while (frame := await self.hear(socket))["type"] != kind or frame.get("last") is False:
            pass
        return frame

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """All frames of one type."""
        return [frame for frame in self.frames if frame["type"] == kind]


@contextlib.asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """Serve an application on a free loopback port; give its origin."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:  # named, or asyncio leaves TCP_NODELAY off
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_keep_alive=75, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            assert not task.done()
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@dataclass
class Carrier:
    """A client of the running simulator."""

    origin: str
    http: aiohttp.ClientSession
    app: Application

    @property
    def account(self) -> str:
        """The account's address."""
        return f"{self.origin}/2010-04-01/Accounts/{SID}"

    async def post(self, path: str, form: list[tuple[str, str]]) -> tuple[int, dict[str, Any]]:
        """Post a form below the account."""
        async with self.http.post(self.account + path, data=form) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Get JSON below the account."""
        async with self.http.get(self.account + path) as response:
            return response.status, await response.json()

    async def call(self, to: str, *more: tuple[str, str]) -> str:
        """Place a call that reports everything; give its SID."""
        form = [
            ("To", to),
            ("From", CALLER),
            ("Url", f"{PUBLIC}/voice"),
            ("StatusCallback", f"{PUBLIC}/status"),
            *[("StatusCallbackEvent", event) for event in ("initiated", "ringing", "answered", "completed")],
            *more,
        ]
        status, body = await self.post("/Calls.json", form)
        assert status == 201, body
        return str(body["sid"])

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Use the control API."""
        async with self.http.request(method, f"{self.origin}/_sim{path}", json=body) as response:
            assert response.status < 300, await response.text()
            return await response.json() if response.status == 200 else None

    async def until(self, sid: str, status: str) -> dict[str, Any]:
        """Wait until a call has a status."""
        return await self._until(sid, lambda record: bool(record["status"] == status))

    async def until_reported(self, sid: str) -> dict[str, Any]:
        """Wait until a call's last status callback was sent."""
        return await self._until(sid, lambda record: any(c["name"] == "completed" for c in record["callbacks"]))

    async def until_spoken(self, sid: str) -> dict[str, Any]:
        """Wait until somebody said something to its end."""
        return await self._until(sid, lambda record: bool(record["spoken"]))

    async def until_callbacks(self, sid: str, count: int) -> dict[str, Any]:
        """Wait until so many callbacks about a call were sent."""
        return await self._until(sid, lambda record: len(record["callbacks"]) >= count)

    async def _until(self, sid: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while not reached(record := await self.truth(sid)):  # noqa: ASYNC110 - polls another server
                await asyncio.sleep(0.01)
        return record

    async def truth(self, sid: str) -> dict[str, Any]:
        """What really happened on a call."""
        record: dict[str, Any] = await self.control("GET", f"/ledger/{sid}")
        return record


def agent(app: Application, turns: int, *, then_end: bool = True) -> Talk:
    """Make an agent that says one sentence a turn and ends after so many answers."""

    async def talk(socket: WebSocket) -> None:
        await app.hear_until(socket, "setup")
        for turn in range(turns):
            await socket.send_json({"type": "text", "token": f"Sentence {turn} of ", "last": False})
            await socket.send_json({"type": "text", "token": "mine.", "last": True})
            await app.hear_until(socket, "prompt")
        if then_end:
            await socket.send_json({"type": "end", "handoffData": '{"reason":"done"}'})

    return talk
