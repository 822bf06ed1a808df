"""The live relay sessions of this process: one per call, and a way to hand all of them over."""

import asyncio
import logging

from gateway.relay.session import RelaySession

log = logging.getLogger(__name__)

_SHARE_FOR_WORDS = 0.7
"""Of the time that a stopping process has; the rest is for relays that do not close and stores that are slow."""


class Sessions:
    """Finds sessions by call id."""

    def __init__(self) -> None:
        self._by_call: dict[str, RelaySession] = {}
        self._is_draining = False
        self._closing: set[asyncio.Future[None]] = set()

    @property
    def live(self) -> int:
        """How many sessions are live."""
        return len(self._by_call)

    @property
    def is_draining(self) -> bool:
        """Whether no new sessions are taken."""
        return self._is_draining

    def find(self, call_id: str) -> RelaySession | None:
        """The session of a call, if it lives here."""
        return self._by_call.get(call_id)

    async def take_over(self, call_id: str, within_seconds: float) -> None:
        """End an older session of this call and wait until it has stored all it knows."""
        older = self._by_call.get(call_id)
        if older is not None:
            await asyncio.wait([asyncio.ensure_future(older.give_way())], timeout=within_seconds)

    def add(self, session: RelaySession) -> None:
        """A session began; one of the same call that came up meanwhile is closed."""
        older = self._by_call.get(session.call_id)
        if older is not None:
            closing = asyncio.ensure_future(older.give_way())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        self._by_call[session.call_id] = session

    def remove(self, session: RelaySession) -> None:
        """A session is over; a newer one of the same call stays."""
        if self._by_call.get(session.call_id) is session:
            del self._by_call[session.call_id]

    async def drain(self, within_seconds: float) -> None:
        """Hand every call over to another process and take no new ones; words under way get most of the time.

        Returns when all are gone and everything is stored, or when the time is up.
        """
        self._is_draining = True
        words = within_seconds * _SHARE_FOR_WORDS
        leaving = [asyncio.ensure_future(session.leave(words)) for session in self._by_call.values()]
        if leaving:
            log.info("handing %d calls over", len(leaving))
            _, left = await asyncio.wait(leaving, timeout=within_seconds)
            log.info("%d calls handed over, %d cut short", len(leaving) - len(left), len(left))
            for task in left:
                task.cancel()

    async def close_all(self) -> None:
        """Close every session at once, and take no new ones."""
        self._is_draining = True
        sessions = list(self._by_call.values())
        await asyncio.gather(*(session.give_way() for session in sessions), return_exceptions=True)
