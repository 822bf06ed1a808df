"""A process that is told to stop hands its calls over, and keeps what was said."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from conversation.leaving import HANDOFF_HAND_OVER
from tests.gateway.relay.rig import Gateway


async def test_draining_hands_all_calls_over(gateway: Gateway, agent_url: str) -> None:
    """Each relay is ended so that the carrier asks what comes next, and no new one is taken."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        await gateway.sessions.drain(20)
        assert relay.ended == [HANDOFF_HAND_OVER]
        assert gateway.sessions.live == 0
        assert len(gateway.store.said("call-1")) == 1
        with pytest.raises(InvalidStatus):
            async with gateway.relay():
                pass


async def test_another_process_goes_on(gateway: Gateway, agent_url: str) -> None:
    """It greets nobody, answers what was left unanswered, and numbers its messages after the first one's."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        await gateway.sessions.drain(20)
    async with Gateway(store=gateway.store).serving() as other, other.relay() as relay:
        await relay.set_up()
        await relay.say("Yes, sure.")
        await relay.wait_to_hear("you are booked")
        assert "Hello" not in relay.heard
    seqs = [message.seq for message in gateway.store.said("call-1")]
    assert seqs == list(range(len(seqs)))


async def test_a_relay_that_does_not_close_is_closed(gateway: Gateway, agent_url: str) -> None:
    """A carrier that does not take the hint loses the socket, which makes it ask as well."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        relay.hangs_up_on_end = False
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        await gateway.sessions.drain(20)
        await relay.wait(lambda: relay.close_code == 1012)


async def test_draining_ends_in_time(gateway: Gateway, agent_url: str) -> None:
    """What is not stored when the time is up holds the process up no longer."""
    gateway.expect(agent_url)
    gateway.store.failures = 10_000
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        await asyncio.wait_for(gateway.sessions.drain(0.5), 10)
        gateway.store.failures = 0
