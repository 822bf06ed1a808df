"""A connection to the agent server is begun when the callee answers, and taken by the relay session or dropped."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection, serve

from adapters.agent_server.client import AgentServerConnector
from calls.agents import AgentSettings
from conversation.agent_port import AgentUnreachableError
from gateway.callbacks.instructions import connected
from gateway.relay.head_start import HeadStart
from tests.gateway.conftest import Rig
from tests.gateway.fake_carrier import OTHER_SID, SID, FakeCarrier
from tests.gateway.relay.rig import Gateway

FIRST = json.dumps({"response_id": 0, "content": "Hello there.", "content_complete": True})
KEEP_SECONDS = 0.2


class Agent:
    """Greets at once; counts who came, and with which code each went."""

    def __init__(self) -> None:
        self.url = ""
        self.came: asyncio.Queue[str] = asyncio.Queue()
        self.went: asyncio.Queue[int | None] = asyncio.Queue()

    async def talk(self, connection: ServerConnection) -> None:
        """One connection."""
        await connection.send(FIRST)
        self.came.put_nowait(connection.request.path if connection.request else "")
        await connection.wait_closed()
        self.went.put_nowait(connection.close_code)


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    """An agent server, listening."""
    agent = Agent()
    async with serve(agent.talk, "127.0.0.1", 0, compression=None, close_timeout=0.1) as server:
        agent.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/llm"
        yield agent


@pytest.fixture
async def ahead() -> AsyncIterator[HeadStart]:
    """Head starts that are kept for a fifth of a second."""
    ahead = HeadStart(AgentServerConnector(private_networks=True), keep_seconds=KEEP_SECONDS, most=2)
    yield ahead
    await ahead.close()


async def test_the_session_takes_what_was_begun(agent: Agent) -> None:
    """The words that came before the relay are heard, over the one connection that there ever was."""
    ahead = HeadStart(AgentServerConnector(private_networks=True), keep_seconds=10)
    async with Gateway(connector=ahead).serving() as gateway:
        gateway.expect(agent.url)
        ahead.begin(agent.url, "call-1")
        ahead.begin(agent.url, "call-1")
        assert await asyncio.wait_for(agent.came.get(), 10) == "/llm/call-1"
        async with gateway.relay() as relay:
            await relay.set_up()
            await relay.wait_to_hear("Hello there.")
            assert ahead.waiting == 0
        assert await asyncio.wait_for(agent.went.get(), 10) == 1000
    assert agent.came.empty()


async def test_what_nobody_takes_is_closed(agent: Agent, ahead: HeadStart) -> None:
    """When the relay comes elsewhere, or never, the connection is closed after a while and nothing is left of it."""
    ahead.begin(agent.url, "call-1")
    assert ahead.waiting == 1
    assert await asyncio.wait_for(agent.went.get(), 10) == 1001
    assert ahead.waiting == 0
    await ahead.close()
    assert not ahead._closing


async def test_a_server_that_does_not_answer_is_left(ahead: HeadStart) -> None:
    """A connection that is still being made when it is dropped is given up."""

    async def stay_mute(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await left.wait()
        writer.close()

    left = asyncio.Event()
    server = await asyncio.start_server(stay_mute, "127.0.0.1", 0)
    async with server:
        ahead.begin(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", "call-1")
        connecting = ahead._waiting["call-1"].connecting
        await asyncio.wait([connecting], timeout=10)
        assert connecting.cancelled()
        await ahead.close()
        left.set()


async def test_an_unreachable_server_is_the_first_attempt_of_the_session(ahead: HeadStart) -> None:
    """The failure is told to whoever takes it, and to nobody when nobody does."""
    ahead.begin("ws://127.0.0.1:1/llm", "call-1")
    ahead.begin("ws://127.0.0.1:1/llm", "call-2")
    with pytest.raises(AgentUnreachableError):
        await ahead.connect("ws://127.0.0.1:1/llm", "call-1")
    await ahead.close()
    assert ahead.waiting == 0


async def test_they_are_bounded(agent: Agent, ahead: HeadStart) -> None:
    """Beyond the most that may wait, calls connect when their relay comes."""
    for number in range(5):
        ahead.begin(agent.url, f"call-{number}")
    assert ahead.waiting == 2
    socket = await ahead.connect(agent.url, "call-4")
    assert await socket.receive() == FIRST
    await socket.close(1000)


async def test_another_address_is_connected_to_anew(agent: Agent, ahead: HeadStart) -> None:
    """Only a connection to the very address that is asked for is given away."""
    ahead.begin(f"{agent.url}/old", "call-1")
    socket = await ahead.connect(agent.url, "call-1")
    assert await socket.receive() == FIRST
    await socket.close(1000)


async def test_a_session_that_goes_while_connecting_leaves_nothing(agent: Agent, ahead: HeadStart) -> None:
    """Whoever waits for a connection and is cancelled takes the connection with them."""
    ahead.begin(agent.url, "call-1")
    taking = asyncio.create_task(ahead.connect(agent.url, "call-1"))
    await asyncio.sleep(0)
    taking.cancel()
    await asyncio.wait([taking])
    await ahead.close()
    assert ahead.waiting == 0
    while not agent.came.empty():
        agent.came.get_nowait()
        assert await asyncio.wait_for(agent.went.get(), 10) is not None


async def test_the_answer_begins_it(rig: Rig, agent: Agent) -> None:
    """The gateway that connects the callee connects to the agent server too; one that hangs up does not."""
    await rig.parts.agents.put_agent(
        rig.agent_id, AgentSettings(ai_agent_name="Alice's agent", llm_websocket_url=agent.url)
    )
    ahead = HeadStart(AgentServerConnector(private_networks=True), keep_seconds=KEEP_SECONDS)
    carrier = FakeCarrier(rig)
    await carrier.register()
    parts = replace(rig.parts, head_start=ahead)
    assert b"<Connect" in (await connected(parts, "call-1", "attempt-1", SID)).body
    assert await asyncio.wait_for(agent.came.get(), 10) == "/llm/call-1"
    await ahead.close()
    assert b"<Hangup" in (await connected(parts, "call-1", "attempt-1", OTHER_SID)).body
    assert ahead.waiting == 0
    assert agent.came.empty()
