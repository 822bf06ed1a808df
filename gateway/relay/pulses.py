"""The signs of life of all live sessions, left together: a write for each would cost as much as the talk itself."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from gateway.relay.ports import SessionStore

log = logging.getLogger(__name__)

_SPOKES = 10  # a period's writes, so that a thousand sessions do not all fall on one moment


class Pulses:
    """A wheel that comes round every `every` seconds; each session hangs on one of its spokes.

    It turns only while there are sessions.
    """

    def __init__(self, store: SessionStore, every: float, wall: Callable[[], datetime]) -> None:
        self._store = store
        self._step = every / _SPOKES
        self._wall = wall
        self._spokes: list[dict[str, str]] = [{} for _ in range(_SPOKES)]
        self._at = 0
        self._turning: asyncio.Task[None] | None = None
        self._fresh: dict[str, str] = {}
        self._beginning: set[asyncio.Task[None]] = set()

    def add(self, call_id: str, relay_session_id: str) -> None:
        """A session lives: its first pulse is left at once, and one every round. A newer one of a call replaces.

        Should this process die in the next moment, nothing else would say that the callee was ever connected.
        """
        self._drop(call_id)
        self._spokes[self._at][call_id] = relay_session_id
        if not self._fresh:
            beginning = asyncio.create_task(self._begin())
            self._beginning.add(beginning)
            beginning.add_done_callback(self._beginning.discard)
        self._fresh[call_id] = relay_session_id
        if self._turning is None or self._turning.done():
            self._turning = asyncio.create_task(self._turn())

    def remove(self, call_id: str, relay_session_id: str) -> None:
        """A session is over; a newer one of the same call lives on."""
        if any(spoke.get(call_id) == relay_session_id for spoke in self._spokes):
            self._drop(call_id)

    def _drop(self, call_id: str) -> None:
        for spoke in (self._fresh, *self._spokes):
            spoke.pop(call_id, None)

    async def _begin(self) -> None:
        begun, self._fresh = self._fresh, {}
        if begun:
            await self._beat(begun)

    async def _turn(self) -> None:
        while any(self._spokes):
            self._at = (self._at + 1) % _SPOKES
            if alive := dict(self._spokes[self._at]):
                await self._beat(alive)
            await asyncio.sleep(self._step)

    async def _beat(self, alive: dict[str, str]) -> None:
        try:
            await self._store.pulse(alive, self._wall())
        except Exception:
            log.warning("no pulse of %d conversations", len(alive), exc_info=True)
