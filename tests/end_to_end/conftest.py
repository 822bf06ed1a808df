"""The whole stack, started once: real engines, the simulator, the example agent, one gateway, one worker."""

from collections.abc import AsyncIterator

import pytest

from runtime.embedded.stack import EmbeddedStack, StackOptions
from tests.end_to_end.customer import Customer

SPEED = 12.0
SETTINGS = {
    "RINGBACK_POLICY__REGISTERED_SECONDS": "12",
    "RINGBACK_POLICY__MAXIMUM_DURATION_SECONDS": "20",
    "RINGBACK_POLICY__WRAP_UP_NOTICE_SECONDS": "3",
    "RINGBACK_POLICY__HANGUP_CONFIRMATION_SECONDS": "2",
    "RINGBACK_POLICY__RECORDING_SECONDS": "20",
    "RINGBACK_LOG_LEVEL": "INFO",
}


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """A running stack whose callees live twelve times as fast as people."""
    options = StackOptions(run_dir=tmp_path_factory.mktemp("stack"), speed=SPEED, settings=SETTINGS)
    async with EmbeddedStack(options) as running:
        yield running


@pytest.fixture(scope="session")
async def customer(stack: EmbeddedStack) -> AsyncIterator[Customer]:
    """Somebody with an API key."""
    async with Customer(stack.addresses) as somebody:
        yield somebody
