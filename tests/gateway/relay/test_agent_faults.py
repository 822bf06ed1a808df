"""Every fault of an agent server gives its reason, or is overcome, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from adapters.agent_server.client import AgentServerConnector
from conversation.plan import Pacing
from conversation.talk import Conversation
from gateway.relay.agent_line import AgentLine
from gateway.relay.relay_line import RelayLine
from tests.conversation import stage
from tests.gateway.relay.rig import Gateway, Relay

Fault = Callable[[ServerConnection], Awaitable[None]]
FIRST = {"response_id": 0, "content": "Hello there.", "content_complete": True}


@asynccontextmanager
async def serving(talk: Fault) -> AsyncIterator[str]:
    """An agent server that does what `talk` says on every connection."""

    async def handle(connection: ServerConnection) -> None:
        await talk(connection)

    async with serve(handle, "127.0.0.1", 0, compression=None, close_timeout=0.1) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def send(connection: ServerConnection, **frame: Any) -> None:
    """Send one frame."""
    await connection.send(json.dumps(frame))


async def read(connection: ServerConnection, kind: str) -> dict[str, Any]:
    """The next frame of a kind."""
    while True:
        frame: dict[str, Any] = json.loads(await connection.recv())
        if frame["interaction_type"] == kind:
            return frame


async def join(gateway: Gateway, relay: Relay) -> str:
    """Bring the relay up and wait for the reason."""
    await relay.set_up()
    _, _, ended = await gateway.reporter.wait_for("ended")
    return str(ended.reason)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1000, "agent_ended_call"),
        (1001, "llm_websocket_runtime_error"),
        (1007, "llm_websocket_payload_corruption"),
        (1011, "llm_websocket_runtime_error"),
        (4321, "llm_websocket_runtime_error"),
    ],
)
async def test_close_codes(gateway: Gateway, code: int, reason: str) -> None:
    """The server greets and closes; the greeting is heard first."""

    async def talk(connection: ServerConnection) -> None:
        await send(connection, **FIRST)
        await connection.close(code)

    async with serving(talk) as url:
        gateway.expect(url)
        async with gateway.relay() as relay:
            assert await join(gateway, relay) == reason
            assert relay.heard == "Hello there."


async def test_close_without_code(gateway: Gateway) -> None:
    """An empty close frame."""

    async def talk(connection: ServerConnection) -> None:
        connection.transport.write(b"\x88\x00")
        await connection.wait_closed()

    async with serving(talk) as url:
        gateway.expect(url)
        async with gateway.relay() as relay:
            assert await join(gateway, relay) == "llm_websocket_initialization_error"


@pytest.mark.parametrize("data", [b"\x82\x01\x00", b"\x81\x02\xff\xff"])
async def test_data_that_is_no_text(gateway: Gateway, data: bytes) -> None:
    """A binary frame, and text that is not UTF-8."""

    async def talk(connection: ServerConnection) -> None:
        connection.transport.write(data)
        await connection.wait_closed()

    async with serving(talk) as url:
        gateway.expect(url)
        async with gateway.relay() as relay:
            assert await join(gateway, relay) == "llm_websocket_payload_corruption"


async def test_connection_that_keeps_breaking(gateway: Gateway) -> None:
    """Four reconnects are made, and the fifth break ends the call."""
    connections = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        connection.transport.abort()

    async with serving(talk) as url:
        gateway.expect(url)
        async with gateway.relay() as relay:
            assert await join(gateway, relay) == "llm_websocket_runtime_error"
    assert connections == 5


async def test_server_that_cannot_be_reached_again(gateway: Gateway) -> None:
    """It was there and is gone: the attempts of one reconnect, then it is lost, and the greeting was heard."""

    async def talk(connection: ServerConnection) -> None:
        await send(connection, **FIRST)
        connection.server.close(close_connections=False)
        connection.transport.abort()

    async with serving(talk) as url:
        gateway.expect(url)
        async with gateway.relay() as relay:
            assert await join(gateway, relay) == "llm_websocket_connection_lost"
            assert relay.heard == "Hello there."


@pytest.mark.parametrize("frame", ["{", "[]", "no json", "5"])
async def test_frames_that_are_no_objects(gateway: Gateway, frame: str) -> None:
    """Nine in a row are dropped, also twice when something good comes between; ten end the call."""

    async def talk(connection: ServerConnection) -> None:
        for count in (9, 9, 10):
            await send(connection, response_type="ping_pong", timestamp=1)
            for _ in range(count):
                await connection.send(frame)
        await connection.wait_closed()

    async with serving(talk) as url:
        gateway.expect(url)
        async with gateway.relay() as relay:
            await relay.set_up()
            _, _, ended = await gateway.reporter.wait_for("ended")
            assert ended.reason == "llm_websocket_payload_corruption"
            assert ended.evidence == {"bad_frames": 10}


async def test_server_that_stops_its_keep_alives(gateway: Gateway) -> None:
    """It asked for them and owes them; two reconnects, then it is lost."""
    connections = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await send(connection, response_type="config", config={"auto_reconnect": True})
        await connection.wait_closed()

    async with serving(talk) as url:
        gateway.expect(url, pacing=Pacing(ping_every=0.05, ping_lapse=0.2))
        async with gateway.relay() as relay:
            assert await join(gateway, relay) == "llm_websocket_connection_lost"
    assert connections == 3


async def test_a_server_that_keeps_alive_is_kept(gateway: Gateway) -> None:
    """It pings and is pinged in turn, for much longer than a lapse, and then hangs up by itself."""
    pings: list[int] = []

    async def talk(connection: ServerConnection) -> None:
        await send(connection, response_type="config", config={"auto_reconnect": True})
        while len(pings) < 20:
            await send(connection, response_type="ping_pong", timestamp=len(pings))
            pings.append((await read(connection, "ping_pong"))["timestamp"])
        await send(connection, **FIRST)
        await connection.close(1000)

    async with serving(talk) as url:
        gateway.expect(url, pacing=Pacing(ping_every=0.05, ping_lapse=0.2))
        async with gateway.relay() as relay:
            assert await join(gateway, relay) == "agent_ended_call"
    assert pings == sorted(pings)
    assert pings[-1] - pings[0] >= 500, "milliseconds: more than two lapses"


async def test_a_server_that_never_answers_the_handshake() -> None:
    """Its port is open and nothing comes: three attempts, each as long as one may take."""
    attempts = 0

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal attempts
        attempts += 1
        await reader.read()
        writer.close()

    connector = AgentServerConnector(private_networks=True, open_timeout=0.15)
    async with (
        await asyncio.start_server(mute, "127.0.0.1", 0) as server,
        Gateway(connector=connector).serving() as own,
    ):
        own.expect("ws://{}:{}".format(*server.sockets[0].getsockname()))
        async with own.relay() as relay:
            assert await join(own, relay) == "llm_websocket_initialization_error"
    assert attempts == 3


async def test_a_message_beyond_all_bounds(gateway: Gateway) -> None:
    """It is not read to its end: the connection is closed with 1009, which is any other close code."""

    async def talk(connection: ServerConnection) -> None:
        await send(connection, **FIRST)
        await send(connection, response_id=0, content="x" * 8_000_000, content_complete=True)
        await connection.wait_closed()

    async with serving(talk) as url:
        gateway.expect(url)
        async with gateway.relay() as relay:
            assert await join(gateway, relay) == "llm_websocket_runtime_error"


async def test_broken_turn_is_asked_again(gateway: Gateway) -> None:
    """A server that crashes while it thinks is reconnected to, and answers the same turn under a new id."""
    asked: list[int] = []

    async def talk(connection: ServerConnection) -> None:
        await send(connection, response_type="config", config={"call_details": True})
        await read(connection, "call_details")
        await send(connection, **FIRST)
        ask = await read(connection, "response_required")
        asked.append(ask["response_id"])
        if len(asked) == 1:
            connection.transport.abort()
            return
        assert [entry["content"] for entry in ask["transcript"]] == ["Hello there.", "Who is this?"]
        await send(connection, response_id=asked[-1], content="The clinic.", content_complete=True, end_call=True)
        await connection.wait_closed()

    async with serving(talk) as url:
        gateway.expect(url)
        async with gateway.relay() as relay:
            await relay.set_up()
            await relay.wait_to_hear("Hello there.")
            await relay.say("Who is this?")
            _, _, ended = await gateway.reporter.wait_for("ended")
            assert ended.reason == "agent_ended_call"
            assert relay.heard == "Hello there.The clinic."
    assert asked == [1, 2]


async def test_flooding_server_hurts_nobody_else(gateway: Gateway, agent_url: str) -> None:
    """While one server floods its call and reads nothing, another call talks to its end."""

    async def flood(connection: ServerConnection) -> None:
        frame = json.dumps({"response_id": 0, "content": "blah " * 20, "content_complete": False})
        while True:
            await connection.send(frame)

    async with serving(flood) as url:
        gateway.expect(url, "call-flooded")
        gateway.expect(agent_url, "call-1")
        async with gateway.relay("call-flooded") as flooded:
            await flooded.set_up()
            await flooded.wait_to_hear("blah")
            async with gateway.relay("call-1") as relay:  # only now: one that says nothing is not waited for long
                await relay.set_up()
                await relay.wait_to_hear("Can you make it?")
                await relay.say("Goodbye.")
                # A server that reads nothing is cut off in the end, so its own call may be over first.
                while (report := await gateway.reporter.wait_for("ended"))[1] != "call-1":
                    assert report[2].reason == "llm_websocket_runtime_error"
                assert report[2].reason == "agent_ended_call"


class EndlessSocket:
    """Always has a next frame, and never lets anybody wait for it."""

    def __init__(self) -> None:
        self.taken = 0
        self.closed = asyncio.Event()

    async def receive(self) -> str:
        self.taken += 1
        return json.dumps({"response_id": 0, "content": "blah "})

    def send(self, text: str) -> None:
        """Take it."""

    async def close(self, code: int) -> None:
        self.closed.set()


class EndlessConnector:
    """Connects to that socket."""

    def __init__(self) -> None:
        self.socket = EndlessSocket()

    async def connect(self, url: str, call_id: str) -> EndlessSocket:
        return self.socket


class QuietSocket:
    """A relay that never says anything."""

    async def receive(self) -> str | None:
        await asyncio.get_running_loop().create_future()
        return None

    async def send(self, text: str) -> None:
        """Take it."""

    async def close(self, code: int) -> None:
        """Nothing to close."""


async def test_others_have_their_turn_between_the_frames_of_a_flood() -> None:
    """However many frames lie ready, few are taken at a stretch, and far fewer than could be in a second."""
    connector = EndlessConnector()
    line = AgentLine(connector, "ws://agent", "call-1", RelayLine(QuietSocket()))
    talk = Conversation(stage.plan(), 0.0, stage.WALL)
    stretches: list[int] = []
    async with asyncio.TaskGroup() as group:
        line.begin(group, talk, lambda _: None)
        talk.start(0.0)
        line.connect(0)
        while connector.socket.taken < 400:
            before = connector.socket.taken
            await asyncio.sleep(0)
            stretches.append(connector.socket.taken - before)
        line.hang_up(1000)
    assert max(stretches) <= 20
    assert connector.socket.closed.is_set()
