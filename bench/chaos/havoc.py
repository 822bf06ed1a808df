"""Breaking things as planned, and mending them as a supervisor would."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence

import aiohttp

from bench.chaos.deeds import Deeds, FaultDone
from bench.chaos.plan import PlannedFault
from bench.chaos.switches import CARRIER_FAULTS, PROCESS_FAULTS, switches_of
from runtime.embedded.part import Part, PartFailedError
from runtime.embedded.stack import EmbeddedStack

_WATCH_EVERY_SECONDS = 0.2
_SWITCH_WITHIN = aiohttp.ClientTimeout(total=5)
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError)


class Havoc:
    """Carries out faults on a running stack. Parts that are down without being held down are started again."""

    def __init__(self, stack: EmbeddedStack, session: aiohttp.ClientSession, deeds: Deeds, seed: int) -> None:
        self._stack = stack
        self._session = session
        self._faults_url = f"{stack.addresses.simulator_url}/_sim/faults"
        self._deeds = deeds
        self._seed = seed
        self._held: dict[str, int] = {}
        self._risen: dict[str, asyncio.Event] = {}
        self._on: list[str] = []
        self._changes = 0

    async def wreak(self, planned: PlannedFault) -> None:
        """One fault, from its beginning to its end."""
        if planned.kind in CARRIER_FAULTS:
            await self._misbehave(planned)
            return
        fault = PROCESS_FAULTS[planned.kind]
        break_one = self._freeze if fault.frozen else self._kill
        await asyncio.gather(*(break_one(planned, part) for part in self._chosen(planned)))

    def _chosen(self, planned: PlannedFault) -> Sequence[Part]:
        wanted = PROCESS_FAULTS[planned.kind].part
        parts = [part for name, part in self._stack.parts.items() if name.rstrip("-0123456789") == wanted]
        return parts if planned.kind.startswith("kill-all") else [parts[planned.which % len(parts)]]

    async def _kill(self, planned: PlannedFault, part: Part) -> None:
        done = FaultDone(planned.kind, part.name, time.time())
        self._deeds.faults.append(done)
        with self._holding(part):
            self._risen.setdefault(part.name, asyncio.Event()).clear()
            await part.kill()
            await asyncio.sleep(planned.seconds)
        await self._risen.setdefault(part.name, asyncio.Event()).wait()
        done.ended = time.time()

    async def _freeze(self, planned: PlannedFault, part: Part) -> None:
        pid = part.pid
        if pid is None:
            return
        done = FaultDone(planned.kind, part.name, time.time())
        self._deeds.faults.append(done)
        _signal(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(planned.seconds)
        finally:
            _signal(pid, signal.SIGCONT)
        done.ended = time.time()

    async def _misbehave(self, planned: PlannedFault) -> None:
        done = FaultDone(planned.kind, "carrier", time.time())
        self._deeds.faults.append(done)
        self._on.append(planned.kind)
        try:
            await self._switch()
            await asyncio.sleep(planned.seconds)
        finally:
            self._on.remove(planned.kind)
        await self._switch()
        done.ended = time.time()

    async def _switch(self) -> None:
        """Tell the simulator which switches are on now; a frozen one hears it when it is back."""
        self._changes += 1
        while True:
            wanted = switches_of(frozenset(self._on), self._seed * 1000 + self._changes)
            try:
                async with self._session.put(self._faults_url, json=wanted, timeout=_SWITCH_WITHIN) as answer:
                    answer.raise_for_status()
                    return
            except _BROKEN:
                await asyncio.sleep(_WATCH_EVERY_SECONDS)

    @contextlib.contextmanager
    def _holding(self, part: Part) -> Iterator[None]:
        self._held[part.name] = self._held.get(part.name, 0) + 1
        try:
            yield
        finally:
            self._held[part.name] -= 1

    async def keep_up(self) -> None:
        """Start whatever is down and not held down, again and again; never returns by itself."""
        async with asyncio.TaskGroup() as group:
            for part in self._stack.parts.values():
                group.create_task(self._keep(part))

    async def _keep(self, part: Part) -> None:
        while True:
            await asyncio.sleep(_WATCH_EVERY_SECONDS)
            if part.is_running or self._held.get(part.name):
                continue
            if not part.stopped_on_purpose:
                self._deeds.deaths.append(str(part.obituary())[:2000])
            with contextlib.suppress(PartFailedError):  # what it needs may be down too: once more
                await part.start()
                self._risen.setdefault(part.name, asyncio.Event()).set()


def _signal(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)
