"""The whole stack, started once: real engines, the simulator, the example agent, one gateway, one worker."""

import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bench.reasons.story import SETTINGS, SPEED
from runtime.embedded.stack import EmbeddedStack, StackOptions
from tests.end_to_end.customer import Customer


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """A running stack whose callees live twelve times as fast as people."""
    options = StackOptions(
        run_dir=tmp_path_factory.mktemp("stack"), speed=SPEED, settings={**SETTINGS, "RINGBACK_LOG_LEVEL": "INFO"}
    )
    async with EmbeddedStack(options) as running:
        yield running


@pytest.fixture(scope="session")
async def stubborn_agent() -> AsyncIterator[str]:
    """An agent server that answers everything and never ends a call, not even when told that it must."""

    async def talk(socket: ServerConnection) -> None:
        await socket.send(
            json.dumps({"response_id": 0, "content": "Let me tell you a story.", "content_complete": True})
        )
        async for frame in socket:
            asked = json.loads(frame)
            if "response_id" in asked:
                more = {"response_id": asked["response_id"], "content": "And then?", "content_complete": True}
                await socket.send(json.dumps(more))

    async with serve(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/llm"


@pytest.fixture(scope="session")
async def customer(stack: EmbeddedStack) -> AsyncIterator[Customer]:
    """Somebody with an API key."""
    async with Customer(stack.addresses) as somebody:
        yield somebody
