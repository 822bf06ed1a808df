"""The live relay sessions of this process: one per call, and a way to hand all of them over."""

import asyncio

from gateway.relay.session import RelaySession


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
            await asyncio.wait([asyncio.ensure_future(older.hand_over())], timeout=within_seconds)

    def add(self, session: RelaySession) -> None:
        """A session began; one of the same call that came up meanwhile is closed."""
        older = self._by_call.get(session.call_id)
        if older is not None:
            closing = asyncio.ensure_future(older.hand_over())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        self._by_call[session.call_id] = session

    def remove(self, session: RelaySession) -> None:
        """A session is over; a newer one of the same call stays."""
        if self._by_call.get(session.call_id) is session:
            del self._by_call[session.call_id]

    async def close_all(self) -> None:
        """Hand every session over to another process, and take no new ones."""
        self._is_draining = True
        sessions = list(self._by_call.values())
        await asyncio.gather(*(session.hand_over() for session in sessions), return_exceptions=True)
