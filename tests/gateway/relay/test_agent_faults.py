"""Every fault of an agent server gives its reason, or is overcome, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from conversation.plan import Pacing
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


@pytest.mark.slow  # reads a clock that a busy machine stretches
async def test_flooding_server_hurts_nobody_else(gateway: Gateway, agent_url: str) -> None:
    """While one server floods its call, another call talks to its end."""

    async def flood(connection: ServerConnection) -> None:
        frame = json.dumps({"response_id": 0, "content": "blah " * 20, "content_complete": False})
        while True:
            await connection.send(frame)

    async with serving(flood) as url:
        gateway.expect(url, "call-flooded")
        gateway.expect(agent_url, "call-1")
        async with gateway.relay("call-flooded") as flooded, gateway.relay("call-1") as relay:
            await flooded.set_up()
            await flooded.wait_to_hear("blah")
            await relay.set_up()
            await relay.wait_to_hear("Can you make it?")
            await relay.say("Goodbye.")
            async with asyncio.timeout(5):
                _, call_id, _ = await gateway.reporter.wait_for("ended")
            assert call_id == "call-1"
