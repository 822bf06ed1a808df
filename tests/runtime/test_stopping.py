"""SIGTERM: first what the process wants to finish, then whoever stopped it before."""

import asyncio
import os
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from runtime.stopping import finishing_first


@pytest.fixture
def stopped() -> Iterator[asyncio.Event]:
    """Set once the handler that was there before is told to stop."""
    event = asyncio.Event()

    def stop(number: int, _: FrameType | None) -> None:
        event.set()

    before = signal.signal(signal.SIGTERM, stop)
    yield event
    signal.signal(signal.SIGTERM, before)


async def test_the_process_finishes_before_it_stops(stopped: asyncio.Event) -> None:
    """The server hears of the signal only when all is done, and has its handler back afterwards."""
    begun, finish = asyncio.Event(), asyncio.Event()

    async def finishing() -> None:
        begun.set()
        await finish.wait()

    handler = signal.getsignal(signal.SIGTERM)
    with finishing_first(finishing):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(begun.wait(), 10)
        assert not stopped.is_set()
        finish.set()
        await asyncio.wait_for(stopped.wait(), 10)
    assert signal.getsignal(signal.SIGTERM) is handler


async def test_a_second_signal_does_not_wait(stopped: asyncio.Event) -> None:
    """Who asks twice means now."""
    begun = asyncio.Event()

    async def never() -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    with finishing_first(never):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(begun.wait(), 10)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stopped.wait(), 10)


async def test_a_failure_stops_all_the_same(stopped: asyncio.Event) -> None:
    """What cannot be finished keeps no process up."""

    async def broken() -> None:
        raise RuntimeError("no")

    with finishing_first(broken):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stopped.wait(), 10)


async def test_a_process_that_nobody_stops_politely_is_left_alone() -> None:
    """Without a handler of the server's there is nothing to come before."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)

    async def nothing() -> None:
        return

    with finishing_first(nothing):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    signal.signal(signal.SIGTERM, before)
