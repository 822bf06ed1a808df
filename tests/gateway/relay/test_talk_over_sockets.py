"""Whole talks: relay, gateway and agent server, each on its own socket."""

import asyncio

from calls.words import Role
from tests.gateway.relay.rig import Gateway


async def test_alice_confirms(gateway: Gateway, agent_url: str) -> None:
    """A talk of five messages runs to the agent's goodbye, and is stored, reported and ended."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Hello Alice")
        await relay.wait_to_hear("Can you make it?")
        await relay.say("Yes, I will be there.")
        await relay.wait_to_hear("anything else I can do for you?")
        await relay.say("No, thank you. Goodbye.")
        _, _, ended = await gateway.reporter.wait_for("ended")
        assert (ended.reason, ended.by) == ("agent_ended_call", "agent")
        said = gateway.store.said("call-1")
        assert [message.role for message in said] == [Role.AGENT, Role.USER, Role.AGENT, Role.USER, Role.AGENT]
        assert [message.seq for message in said] == [0, 1, 2, 3, 4]
        heard = "".join(message.content for message in said if message.role is Role.AGENT)
        assert "".join(heard.split()) == "".join(relay.heard.split())
        await relay.wait(lambda: relay.ended == ['{"end":true}'])
    assert gateway.store.pulses[0] == "VX1"
    async with asyncio.timeout(5):
        while gateway.store.settled != ["VX1"]:  # noqa: ASYNC110 - the session ends after the relay's last word
            await asyncio.sleep(0.005)


async def test_start_is_reported(gateway: Gateway, agent_url: str) -> None:
    """The relay's coming up is told with the ids of both sides."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        assert await gateway.reporter.wait_for("started") == ("started", "call-1", "attempt-1", "VX1", "CA1")
    assert gateway.verifier.paths == ["/relay/call-1/attempt-1"]


async def test_heidi_wants_a_human(gateway: Gateway, agent_url: str) -> None:
    """A transfer is reported after the words; when it fails, the next relay session tells the agent."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        await relay.say("I want to talk to a human.")
        assert await gateway.reporter.wait_for("transfer") == (
            "transfer",
            "call-1",
            "agent-attempt-1-1",
            "+14155550110",
        )
    async with gateway.relay() as relay:
        await relay.set_up(after="transfer-failed")
        await relay.wait_to_hear("all my colleagues are busy")
        assert "Hello" not in relay.heard
    seqs = [message.seq for message in gateway.store.said("call-1")]
    assert seqs == list(range(len(seqs)))


async def test_heidi_wants_somebody_who_must_not_be_rung(gateway: Gateway, agent_url: str) -> None:
    """The agent of a transfer that screening refuses is told at once, over the relay that is still up."""
    gateway.expect(agent_url)
    gateway.reporter.refuses_transfers = True
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        await relay.say("I want to talk to a human.")
        await relay.wait_to_hear("all my colleagues are busy")
    kinds = [gateway.reporter.reports.get_nowait()[0] for _ in range(gateway.reporter.reports.qsize())]
    assert "started" in kinds
    assert "transfer" not in kinds


async def test_carol_is_a_machine(gateway: Gateway, agent_url: str) -> None:
    """The agent recognises a voicemail box, says so, and the end has that reason."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        await relay.say("Please leave a message after the tone.")
        _, _, ended = await gateway.reporter.wait_for("ended")
        assert ended.reason == "voicemail_detected"


async def test_session_goes_on_after_the_relay_broke(gateway: Gateway, agent_url: str) -> None:
    """A second relay of the call knows the transcript, and what was unanswered is answered without a greeting."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        relay.connection.transport.abort()
        await relay.wait(lambda: relay.close_code is not None)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.say("Yes, sure.")
        await relay.wait_to_hear("you are booked")
        assert "Hello" not in relay.heard
    seqs = [message.seq for message in gateway.store.said("call-1")]
    assert seqs == list(range(len(seqs)))


async def test_stores_and_reports_are_repeated_until_they_succeed(gateway: Gateway, agent_url: str) -> None:
    """A store and an owner that are away for a while delay nothing and lose nothing."""
    gateway.expect(agent_url)
    gateway.store.failures = 3
    gateway.reporter.failures = 3
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        await relay.say("Goodbye")
        await gateway.reporter.wait_for("started")
        await gateway.reporter.wait_for("ended")
    assert [message.seq for message in gateway.store.said("call-1")] == [0, 1, 2]
    assert gateway.store.writes == 3


async def test_wrap_up_reaches_the_agent(gateway: Gateway, agent_url: str) -> None:
    """A session can be found by its call and told to come to an end."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        session = gateway.sessions.find("call-1")
        assert session is not None
        session.wrap_up(15)
        await relay.wait_to_hear("out of time")
        _, _, ended = await gateway.reporter.wait_for("ended")
        assert ended.reason == "agent_ended_call"
