"""A gateway and the example agent, each on a real port of loopback."""

from collections.abc import AsyncIterator

import pytest

from examples.appointment_reminder.server import start
from tests.gateway.relay.rig import Gateway


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """The relay route, listening."""
    async with Gateway().serving() as gateway:
        yield gateway


@pytest.fixture
async def agent_url() -> AsyncIterator[str]:
    """The example agent, listening."""
    async with await start("127.0.0.1", 0, "+14155550110") as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/llm"
