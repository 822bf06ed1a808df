"""A process that stood still: what came in meanwhile happened before what is overdue."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection, serve

from calls.words import Role
from gateway.relay.alarm import Alarm
from gateway.relay.relay_line import RelayLine
from tests.gateway.relay.rig import QUICK_TALK, Gateway

_STANDSTILL_SECONDS = 2.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nothing tells when a fake store was written to
            await asyncio.sleep(0.02)


@pytest.fixture
def many_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between a socket and its session lie layers, each of which may take the loop a turn more than a timer does."""
    receive = RelayLine.receive

    async def through_layers(line: RelayLine) -> str | bytes | None:
        message = await receive(line)
        for _ in range(5):
            await asyncio.sleep(0)
        return message

    monkeypatch.setattr(RelayLine, "receive", through_layers)


@pytest.mark.usefixtures("many_layers")
async def test_words_cut_short_meanwhile_do_not_count_as_spoken(gateway: Gateway) -> None:
    """The callee cut in while we stood still: of the words under way only those are stored that were heard."""

    async def talk(connection: ServerConnection) -> None:
        greeting = {"response_type": "response", "response_id": 0, "content": "Let me ask again: can you"}
        await connection.send(json.dumps({**greeting, "content_complete": False}))
        await connection.wait_closed()

    async with serve(talk, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        pacing = replace(QUICK_TALK, playback_slack=0.1, characters_per_second=100.0)
        gateway.expect(f"ws://127.0.0.1:{port}/x", pacing=pacing, turn_watchdog_seconds=1.0)
        async with gateway.relay() as relay:
            relay.speaks_at_once = False
            await relay.set_up()
            await relay.wait(lambda: relay.fake.has_more)
            await relay.send(*relay.fake.play(10), *relay.fake.cut_in(), *relay.fake.say("Who is this?"))
            time.sleep(_STANDSTILL_SECONDS)  # noqa: ASYNC251 - the loop is meant to stand still
            await until(lambda: len(gateway.store.said("call-1")) == 2)
    agent, user = gateway.store.said("call-1")
    assert (agent.role, agent.content, agent.extra.get("interrupted")) == (Role.AGENT, "Let me ask", True)
    assert (user.role, user.content) == (Role.USER, "Who is this?")


async def test_an_alarm_rings_in_time() -> None:
    """It is not put off when it was set to a time that is past already, nor moved by a later time."""
    rang = asyncio.Event()
    alarm = Alarm(rang.set)
    loop = asyncio.get_running_loop()
    alarm.set(loop.time() - 5)
    alarm.set(loop.time() + 60)
    async with asyncio.timeout(0.2):
        await rang.wait()
    alarm.close()


async def test_an_alarm_that_is_late_rings_once_the_sockets_were_read() -> None:
    """It is put off once, even if it is late again, and nothing sets it anew meanwhile."""
    order: list[str] = []
    loop = asyncio.get_running_loop()
    alarm = Alarm(lambda: order.append("rang"))
    alarm.set(loop.time() + 0.01)
    time.sleep(0.5)  # noqa: ASYNC251 - the loop is meant to stand still
    await asyncio.sleep(0.02)
    order.append("read")
    alarm.set(loop.time())
    await asyncio.sleep(0.02)
    assert order == ["read"]
    time.sleep(0.5)  # noqa: ASYNC251 - the same
    await asyncio.sleep(0.02)
    assert order == ["read", "rang"]
    alarm.set(loop.time())
    await asyncio.sleep(0.02)
    assert order == ["read", "rang", "rang"]
    alarm.close()
    alarm.set(loop.time())
    await asyncio.sleep(0.02)
    assert len(order) == 3
