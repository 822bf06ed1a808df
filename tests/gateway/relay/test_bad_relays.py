"""Handshakes and frames that must not get through, and sessions that must give way."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.gateway.relay.rig import QUICK, Gateway


async def test_unsigned_handshake_is_refused(gateway: Gateway, agent_url: str) -> None:
    """It gets a 403 and never becomes a websocket."""
    gateway.expect(agent_url)
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://127.0.0.1:{gateway.port}/relay/call-1/attempt-1?x=1", proxy=None):
            pass
    assert refused.value.response.status_code == 403
    assert gateway.verifier.paths == ["/relay/call-1/attempt-1?x=1"]
    assert gateway.sessions.live == 0


@pytest.mark.parametrize("is_down", [False, True])
async def test_unknown_call_is_refused(gateway: Gateway, is_down: bool) -> None:
    """So is one that cannot be loaded."""
    gateway.store.is_down = is_down
    with pytest.raises(InvalidStatus):
        async with gateway.relay("nobody"):
            pass


async def test_relay_of_another_carrier_call_is_closed(gateway: Gateway, agent_url: str) -> None:
    """Only the call that holds the claim may speak; the other hears nothing and changes nothing."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.send(json.dumps({"type": "setup", "sessionId": "VX2", "callSid": "CA2"}))
        await relay.wait(lambda: relay.close_code == 1008)
        assert relay.heard == ""
    assert gateway.store.said("call-1") == []
    assert gateway.reporter.reports.empty()


async def test_relay_that_says_nothing_is_closed(agent_url: str) -> None:
    """A socket without a setup frame does not stay."""
    async with Gateway(replace(QUICK, setup_within=0.2)).serving() as gateway:
        gateway.expect(agent_url)
        async with gateway.relay() as relay:
            await relay.wait(lambda: relay.close_code == 1008)


@pytest.mark.parametrize("frame", ["{", b"binary", "x" * 70_000])
async def test_undecodable_frames_end_the_call(gateway: Gateway, agent_url: str, frame: str | bytes) -> None:
    """Ten frames in a row that are no protocol, binary, or too long."""
    gateway.expect(agent_url)
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
        for _ in range(10):
            await relay.connection.send(frame)
        _, _, ended = await gateway.reporter.wait_for("ended")
        assert ended.reason == "frontend_payload_corruption"


async def test_newer_relay_wins(gateway: Gateway, agent_url: str) -> None:
    """A second socket for the same call closes the first, whose words are stored before."""
    gateway.expect(agent_url)
    async with gateway.relay() as older:
        await older.set_up()
        await older.wait_to_hear("Can you make it?")
        async with gateway.relay() as newer:
            await newer.set_up()
            await older.wait(lambda: older.close_code == 1001)
            await newer.say("Yes, sure.")
            await newer.wait_to_hear("you are booked")
            assert gateway.sessions.live == 1
    seqs = [message.seq for message in gateway.store.said("call-1")]
    assert seqs == list(range(len(seqs)))


async def test_a_replayed_handshake_changes_nothing(gateway: Gateway, agent_url: str) -> None:
    """Who has the signed address alone, and not the carrier call's id, does not cut the talk off."""
    gateway.expect(agent_url)
    async with gateway.relay() as live:
        await live.set_up()
        await live.wait_to_hear("Can you make it?")
        async with gateway.relay() as replayed:
            await replayed.send(replayed.fake.setup().replace('"CA1"', '"CA2"'))
            await replayed.wait(lambda: replayed.close_code == 1008)
        await live.say("Yes, sure.")
        await live.wait_to_hear("you are booked")
        assert live.close_code is None


async def test_a_handshake_that_is_replayed_while_the_relay_comes_up_changes_nothing(
    gateway: Gateway, agent_url: str
) -> None:
    """Both found no live relay and load the call; the one that is later has to name the carrier call as well."""
    gateway.expect(agent_url)
    slow, quick = asyncio.Event(), asyncio.Event()
    gateway.store.delays = [slow, quick]
    replayed = asyncio.ensure_future(_sets_up(gateway, "CA2"))
    await _until(lambda: len(gateway.store.delays) == 1)
    quick.set()
    async with gateway.relay() as live:
        await live.set_up()
        await live.wait_to_hear("Can you make it?")
        slow.set()
        assert await replayed == 1008
        await live.say("Yes, sure.")
        await live.wait_to_hear("you are booked")
        assert live.close_code is None


async def _sets_up(gateway: Gateway, carrier_call_id: str) -> int | None:
    async with gateway.relay() as relay:
        await relay.send(relay.fake.setup().replace('"CA1"', f'"{carrier_call_id}"'))
        await relay.wait(lambda: relay.close_code is not None)
        return relay.close_code


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - the other end of a socket
            await asyncio.sleep(0.005)


async def test_agent_server_that_is_down(gateway: Gateway) -> None:
    """Three attempts, then the call ends for that reason, with nothing said."""
    gateway.expect("ws://127.0.0.1:1/llm")
    async with gateway.relay() as relay:
        await relay.set_up()
        _, _, ended = await gateway.reporter.wait_for("ended")
        assert ended.reason == "llm_websocket_initialization_error"
        assert ended.evidence["attempts"] == 3


async def test_nothing_is_left_running(gateway: Gateway, agent_url: str) -> None:
    """After a talk the session's tasks are gone."""
    gateway.expect(agent_url)
    before = asyncio.all_tasks()
    async with gateway.relay() as relay:
        await relay.set_up()
        await relay.wait_to_hear("Can you make it?")
    for _ in range(200):
        left = [task for task in asyncio.all_tasks() - before if not task.done()]
        if not left and gateway.sessions.live == 0:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(left)
