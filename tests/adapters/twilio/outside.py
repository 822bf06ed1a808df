"""The world around the adapter in its tests: the simulator's control API, and an application that it calls back.

The application answers with the adapter's own documents, reads callbacks with the adapter's own parsers, and refuses
what the adapter's own verifier does not find signed: what passes here was understood by an independent carrier.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.twilio import callbacks, twiml, urls
from adapters.twilio.callbacks import RelayEnd
from adapters.twilio.signature import SIGNATURE_HEADER, SignatureVerifier, parse_form
from adapters.twilio.urls import CallbackUrls
from calls.agents import AgentSettings
from calls.facts import ConversationStarted, Fact
from calls.ports.carrier import Dial

SID = "AC" + "0" * 32
TOKEN = "secret-token"
PUBLIC = "https://ringback.test"
URLS = CallbackUrls(PUBLIC)
CALLER = "+14155550100"
ALICE, BOB, CAROL, DAVE, FRANK, IVAN, JUDY, MALLORY = (
    f"+14155550{last}" for last in (101, 102, 103, 104, 106, 109, 110, 111)
)
AGENT = AgentSettings(ai_agent_name="Ann", llm_websocket_url="wss://agent.test/llm", language="en-GB")

F = TypeVar("F")


def a_dial(to_number: str, **changes: Any) -> Dial:
    """A dial of the caller's, with callbacks for call c1 and attempt a1."""
    settings: dict[str, Any] = {"ring_seconds": 30, "time_limit_seconds": 600, "detect_machine": False, **changes}
    return Dial("c1", "a1", CALLER, to_number, **settings)


@dataclass
class Outside:
    """What came in, as the adapter understood it."""

    control: aiohttp.ClientSession
    origin: str
    verifier: SignatureVerifier = field(default_factory=lambda: SignatureVerifier(TOKEN, URLS))
    facts: list[Fact | RelayEnd] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    """Paths of requests without a valid signature."""
    asked: list[str] = field(default_factory=list)
    """Paths at which instructions were asked for."""
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    hang_up_relay: bool = True
    """Whether our side ends a relay session as soon as it is up."""
    transfer_to: str = JUDY

    async def forget(self) -> None:
        """Become as new for the next test."""
        for path, method in (("/reset", "POST"), ("/faults", "DELETE")):
            async with self.control.request(method, f"{self.origin}/_sim{path}") as response:
                assert response.status < 300
        for seen in (self.facts, self.unsigned, self.asked):
            seen.clear()
        self.hang_up_relay, self.transfer_to = True, JUDY

    async def faults(self, **switches: Any) -> None:
        """Set the simulator's fault switches."""
        async with self.control.put(f"{self.origin}/_sim/faults", json=switches) as response:
            assert response.status == 200, await response.text()

    async def truth(self) -> list[dict[str, Any]]:
        """The simulator's ledger: every carrier call that really was."""
        async with self.control.get(f"{self.origin}/_sim/ledger") as response:
            ledger: list[dict[str, Any]] = await response.json()
            return ledger

    async def known(self, kind: type[F]) -> F:
        """Wait for the first fact of a kind."""

        def found() -> F | None:
            return next((fact for fact in self.facts if isinstance(fact, kind)), None)

        async with asyncio.timeout(10), self.arrived:
            await self.arrived.wait_for(lambda: found() is not None)
        fact = found()
        assert fact is not None
        return fact

    def app(self) -> Starlette:
        """The application."""
        instructions = (urls.VOICE, urls.RELAY_ENDED, urls.TRANSFER, urls.TRANSFER_ENDED, urls.VOICEMAIL)
        reports = (urls.STATUS, urls.MACHINE, urls.RECORDING, urls.TRANSFER_LEG)
        return Starlette(
            routes=[
                *(Route(path, self._instruct, methods=["POST"]) for path in instructions),
                *(Route(path, self._report, methods=["POST"]) for path in reports),
                WebSocketRoute(urls.RELAY, self._relay),
            ]
        )

    async def _form(self, request: Request) -> dict[str, str] | None:
        fields = parse_form(await request.body())
        path = request.scope["raw_path"].decode()
        if self.verifier.verify_form(path, fields, request.headers.get(SIGNATURE_HEADER, "")):
            return dict(fields)
        self.unsigned.append(path)
        return None

    async def _learn(self, *facts: Fact | RelayEnd | None) -> None:
        async with self.arrived:
            self.facts += [fact for fact in facts if fact is not None]
            self.arrived.notify_all()

    async def _report(self, request: Request) -> Response:
        form, now, ids = await self._form(request), datetime.now(UTC), request.path_params
        if form is None:
            return Response(status_code=403)
        kind = urlsplit(request.url.path).path.split("/")[2]
        fact: Fact | None
        if kind == "status":
            fact = callbacks.status_fact(form, ids["attempt_id"], now)
        elif kind == "machine":
            fact = callbacks.machine_fact(form, ids["attempt_id"], now)
        elif kind == "recording":
            fact = callbacks.recording_fact(form, ids["attempt_id"], now)
        else:
            fact = callbacks.transfer_leg_fact(form, ids["request_id"], now)
        await self._learn(fact)
        return Response(status_code=204)

    async def _instruct(self, request: Request) -> Response:
        form, now, ids = await self._form(request), datetime.now(UTC), request.path_params
        if form is None:
            return Response(status_code=403)
        kind = request.url.path.split("/")[2]
        self.asked.append(kind)
        document = twiml.hang_up()
        if kind == "voice":
            document = twiml.conversation(URLS, ids["call_id"], ids["attempt_id"], AGENT, record=True)
        elif kind == "transfer":
            document = twiml.dial(
                URLS,
                **ids,
                to_number=self.transfer_to,
                caller_id=CALLER,
                ring_seconds=30,
                time_limit_seconds=600,
            )
        elif kind == "voicemail":
            document = twiml.voicemail("Please call us back.", "en-GB")
        elif kind == "relay-ended":
            await self._learn(callbacks.relay_end(form))
        elif kind == "transfer-ended":
            end = callbacks.transfer_end_fact(form, ids["request_id"], now)
            await self._learn(end, callbacks.missed_bridge_fact(form, ids["request_id"], now))
        return Response(document, media_type=twiml.CONTENT_TYPE)

    async def _relay(self, socket: WebSocket) -> None:
        if not self.verifier.verify(socket.scope["raw_path"].decode(), dict(socket.headers)):
            self.unsigned.append(socket.url.path)
            await socket.close(1008)
            return
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            setup = await socket.receive_json()
            about, session = setup["callSid"], setup["sessionId"]
            ids = {"carrier_call_id": about, "attempt_id": socket.path_params["attempt_id"]}
            await self._learn(ConversationStarted(at=datetime.now(UTC), relay_session_id=session, **ids))
            if self.hang_up_relay:
                await socket.send_json({"type": "end", "handoffData": "done"})
            while True:
                await socket.receive_json()
