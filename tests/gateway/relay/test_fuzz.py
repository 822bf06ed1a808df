"""Frames that no peer should send, over real sockets, while somebody else talks."""

import asyncio
from contextlib import suppress

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.fuzz.frames import AGENT, RELAY, Dice
from tests.gateway.relay.rig import Gateway

FRAMES = 500


async def test_bad_frames_of_both_sides_hurt_nobody_else(gateway: Gateway, agent_url: str) -> None:
    """A conversation between two broken peers lives or ends, and another one never notices."""

    async def rave(connection: ServerConnection) -> None:
        dice = Dice("agent", AGENT)
        with suppress(ConnectionClosed):
            for _ in range(FRAMES):
                await connection.send(dice.frame())
                await asyncio.sleep(0)

    async with serve(rave, "127.0.0.1", 0, compression=None) as server:
        gateway.expect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", "call-fuzzed")
        gateway.expect(agent_url, "call-1")
        async with gateway.relay("call-fuzzed") as fuzzed, gateway.relay("call-1") as relay:
            await fuzzed.set_up()
            await relay.set_up()
            await relay.wait_to_hear("Can you make it?")
            dice = Dice("relay", RELAY)
            with suppress(ConnectionClosed):
                for _ in range(FRAMES):
                    await fuzzed.connection.send(dice.frame())
            await relay.say("Goodbye.")
            while (report := await gateway.reporter.wait_for("ended"))[1] != "call-1":
                pass
            assert report[2].reason == "agent_ended_call"
    for call_id in ("call-fuzzed", "call-1"):
        seqs = [message.seq for message in gateway.store.said(call_id)]
        assert seqs == list(range(len(seqs)))


def test_the_same_seed_draws_the_same() -> None:
    """A finding can be looked at again; and all kinds of frames come up."""
    first, second = Dice("7", RELAY), Dice("7", RELAY)
    frames = [first.frame() for _ in range(2000)]
    assert frames == [second.frame() for _ in range(2000)]
    assert any(isinstance(frame, bytes) for frame in frames)
    assert any(isinstance(frame, str) and len(frame) > 100_000 for frame in frames)
