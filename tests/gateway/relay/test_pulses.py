"""Live sessions leave their signs of life together, every one of them every round."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.relay.pulses import Pulses
from tests.gateway.relay.memory import MemorySessionStore

EVERY = 0.2


class CountingStore(MemorySessionStore):
    """Also keeps what each write held, and wakes whoever waits for the next."""

    def __init__(self) -> None:
        super().__init__()
        self.beats: asyncio.Queue[Mapping[str, str]] = asyncio.Queue()

    async def pulse(self, alive: Mapping[str, str], at: datetime) -> None:
        """Leave signs of life."""
        self.beats.put_nowait(alive)
        await super().pulse(alive, at)

    async def beat(self) -> Mapping[str, str]:
        """The next write."""
        return await asyncio.wait_for(self.beats.get(), 10)


def wheel() -> tuple[Pulses, CountingStore]:
    """Pulses that come round five times a second."""
    store = CountingStore()
    return Pulses(store, EVERY, lambda: datetime.now(UTC)), store


async def test_many_sessions_share_a_write() -> None:
    """Sessions that begin together are kept alive by one write a round."""
    pulses, store = wheel()
    for number in range(100):
        pulses.add(f"call-{number}", f"VX{number}")
    assert [len(await store.beat()) for _ in range(3)] == [100, 100, 100]
    for number in range(100):
        pulses.remove(f"call-{number}", f"VX{number}")


async def test_each_has_its_pulse_every_round() -> None:
    """Sessions that begin at different moments hang on different spokes, and none is left out."""
    pulses, store = wheel()
    for number in range(5):
        pulses.add(f"call-{number}", f"VX{number}")
        await asyncio.sleep(EVERY / 7)
    begun = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() < begun + 5 * EVERY:
        await store.beat()
    assert min(Counter(store.pulses)[f"VX{number}"] for number in range(5)) >= 2
    for number in range(5):
        pulses.remove(f"call-{number}", f"VX{number}")


async def test_a_session_that_is_over_leaves_none() -> None:
    """After its end only a newer session of the same call has pulses; without any session nothing runs."""
    pulses, store = wheel()
    pulses.add("call-1", "VX1")
    assert await store.beat() == {"call-1": "VX1"}
    pulses.add("call-1", "VX2")
    pulses.remove("call-1", "VX1")
    assert await store.beat() == {"call-1": "VX2"}
    pulses.remove("call-1", "VX2")
    assert pulses._turning is not None
    await asyncio.wait_for(pulses._turning, 10)
    assert store.beats.empty()


async def test_a_store_that_is_away_stops_nothing() -> None:
    """Pulses go on when the store is back."""
    pulses, store = wheel()
    store.is_down = True
    pulses.add("call-1", "VX1")
    await store.beat()
    await store.beat()
    assert store.pulses == []
    store.is_down = False
    await store.beat()
    await store.beat()
    assert store.pulses
    pulses.remove("call-1", "VX1")
