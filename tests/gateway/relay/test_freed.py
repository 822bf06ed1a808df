"""What a conversation leaves in memory: nothing, without a garbage collection, which would hold up all others."""

import asyncio
import gc

import pytest

from conversation.talk import Conversation
from tests.gateway.relay.rig import Gateway


def alive() -> int:
    """How many conversations are in memory."""
    return sum(type(thing) is Conversation for thing in gc.get_objects())


@pytest.mark.parametrize("goodbye", [True, False])
async def test_a_conversation_is_freed_with_its_relay(gateway: Gateway, agent_url: str, goodbye: bool) -> None:
    """Whether the agent ended it or the callee hung up in the middle of it."""
    gc.collect()
    before = alive()
    gc.disable()
    try:
        gateway.expect(agent_url)
        async with gateway.relay() as relay:
            await relay.set_up()
            await relay.wait_to_hear("Can you make it?")
            assert alive() == before + 1
            if goodbye:
                await relay.say("No, thank you. Goodbye.")
                await gateway.reporter.wait_for("ended")
        async with asyncio.timeout(10):
            while alive() > before:  # noqa: ASYNC110 - nobody tells of what is freed
                await asyncio.sleep(0.05)
    finally:
        gc.enable()
