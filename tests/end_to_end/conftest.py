"""The whole stack, started once: real engines, the simulator, the example agent, one gateway, one worker."""

from collections.abc import AsyncIterator

import pytest

from bench.reasons.agent_servers import misbehaving
from bench.reasons.story import SETTINGS, SPEED
from runtime.embedded.stack import EmbeddedStack, StackOptions
from tests.end_to_end.customer import Customer

SWEEPS = {"RINGBACK_SWEEP_SECONDS": "2", "RINGBACK_SWEEP_GRACE_SECONDS": "1"}


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """A running stack whose callees live twelve times as fast as people."""
    options = StackOptions(
        run_dir=tmp_path_factory.mktemp("stack"),
        speed=SPEED,
        settings={**SETTINGS, **SWEEPS, "RINGBACK_LOG_LEVEL": "INFO"},
    )
    async with EmbeddedStack(options) as running:
        yield running


@pytest.fixture(scope="session")
async def agent_servers() -> AsyncIterator[str]:
    """The address of agent servers that misbehave; the first part of the path says how."""
    async with misbehaving() as address:
        yield address


@pytest.fixture(scope="module")
async def customer(stack: EmbeddedStack) -> AsyncIterator[Customer]:
    """Somebody with an API key, who knows of no calls but those of these tests."""
    async with Customer(stack.addresses) as somebody:
        yield somebody
