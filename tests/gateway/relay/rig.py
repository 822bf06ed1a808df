"""A gateway with only the relay route on a real port, and a relay that connects to it and speaks at once."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from adapters.agent_server.client import AgentServerConnector
from conversation.agent_port import AgentConnector
from conversation.plan import ConversationPlan, Pacing
from gateway.relay.outbox import BackOff
from gateway.relay.ports import SessionPlan
from gateway.relay.relay_line import MAX_FRAME_BYTES
from gateway.relay.sessions import Sessions
from gateway.relay.socket import RelayEndpoint
from gateway.relay.surroundings import SessionPacing, Surroundings
from tests.conversation.fake_relay import FakeRelay
from tests.gateway.relay.memory import HeaderVerifier, MemoryReporter, MemorySessionStore

QUICK = SessionPacing(
    pulse_every=0.05,
    setup_within=8.0,
    hangup_grace=0.2,
    leave_grace=0.2,
    flush_at_close=2.0,
    back_off=BackOff(first=0.01, most=0.05),
)
QUICK_TALK = Pacing(connect_pause=0.05, config_grace=0.05, note_patience=0.2, digit_pause=0.1)


class Gateway:
    """The relay route with fakes behind it."""

    def __init__(
        self,
        pacing: SessionPacing = QUICK,
        connector: AgentConnector | None = None,
        store: MemorySessionStore | None = None,
    ) -> None:
        self.store = store or MemorySessionStore()
        self.reporter = MemoryReporter()
        self.verifier = HeaderVerifier()
        self.sessions = Sessions()
        around = Surroundings(
            self.store, self.reporter, connector or AgentServerConnector(private_networks=True), pacing
        )
        self.endpoint = RelayEndpoint(verifier=self.verifier, sessions=self.sessions, around=around)
        self.port = 0

    def expect(self, agent_url: str, call_id: str = "call-1", **talk: Any) -> None:
        """A call is answered and its relay may come."""
        plan = ConversationPlan(
            call_id=call_id,
            from_number="+14155550100",
            to_number="+14155550101",
            agent_id="agent-1",
            **{"dynamic_variables": {"customer_name": "Alice"}, "pacing": QUICK_TALK, **talk},
        )
        self.store.plans[call_id, "attempt-1"] = SessionPlan(plan, agent_url, "CA1")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Gateway"]:
        """Listen on a free port of loopback."""
        app = Starlette(routes=[self.endpoint.route()])
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", ws_max_size=2 * MAX_FRAME_BYTES, ws_per_message_deflate=False
        )
        server = uvicorn.Server(config)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started:
                assert not serving.done()
                await asyncio.sleep(0.005)
            try:
                yield self
            finally:
                await self.sessions.close_all()
                server.should_exit = True
                await serving

    @asynccontextmanager
    async def relay(self, call_id: str = "call-1", *, attempt_id: str = "attempt-1") -> AsyncIterator["Relay"]:
        """The carrier's relay, connected and verified."""
        url = f"ws://127.0.0.1:{self.port}/relay/{call_id}/{attempt_id}"
        headers = {"X-Signature": "good"}
        async with connect(url, proxy=None, compression=None, additional_headers=headers) as connection:
            relay = Relay(connection)
            try:
                yield relay
            finally:
                await relay.stop()


class Relay:
    """Speaks whatever it is sent as soon as it comes, and reports it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.fake = FakeRelay()
        self.ended: list[str] = []
        self.hangs_up_on_end = True
        self.speaks_at_once = True
        self.close_code: int | None = None
        self._moved = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def send(self, *frames: str) -> None:
        """Send frames as they are."""
        for frame in frames:
            await self.connection.send(frame)

    async def set_up(self, **parameters: str) -> None:
        """The first frame."""
        await self.send(self.fake.setup(**parameters))

    async def say(self, words: str) -> None:
        """The callee says something."""
        await self.send(*self.fake.cut_in(), *self.fake.say(words))

    @property
    def heard(self) -> str:
        """Everything the callee heard."""
        return "".join(self.fake.spoken)

    async def wait_to_hear(self, words: str) -> None:
        """Wait until the agent said that."""
        await self.wait(lambda: words in self.heard)

    async def wait(self, condition: Any) -> None:
        """Wait until something holds that changes with what we receive."""
        async with asyncio.timeout(10), self._moved:
            await self._moved.wait_for(condition)

    async def stop(self) -> None:
        """The callee hangs up."""
        await self.connection.close(1000)
        await self._reading

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                text = await self.connection.recv()
                assert isinstance(text, str)
                self.fake.take(text)
                frame = json.loads(text)
                if frame["type"] == "end":
                    self.ended.append(frame["handoffData"])
                    if self.hangs_up_on_end:
                        await self.connection.close(1000, "Closing websocket session")
                if self.speaks_at_once:
                    await self.send(*self.fake.play())
                async with self._moved:
                    self._moved.notify_all()
        self.close_code = self.connection.close_code
        async with self._moved:
            self._moved.notify_all()
