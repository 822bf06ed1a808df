"""The timer of a session: rings when something is due, and lets what came in first go first.

A process that stood still (stopped, swapped out, starved) finds afterwards its timers overdue and, unread in the
sockets, what happened meanwhile. Whoever looks at the clock first takes a callee for silent who spoke, and words for
spoken that were cut short.
"""

import asyncio
from collections.abc import Callable

_LATE_SECONDS = 0.25
"""From how much on a timer that rings late means that the process stood still."""
_READING_SECONDS = 0.25
"""How long the sockets are read first."""


def _nobody() -> None:
    """Whom a closed alarm rings for."""


class Alarm:
    """Calls `ring` at the earliest time it was set to; times are the event loop's."""

    __slots__ = ("_at", "_is_put_off", "_loop", "_ring", "_timer")

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.Handle | None = None
        self._at = 0.0  # when it rings; not every loop's handles know
        self._is_put_off = False

    def set(self, due: float) -> None:
        """Ring at `due`, unless it rings before: that costs nothing, and moving the timer at every token would."""
        if self._timer is not None:
            if self._is_put_off or self._at <= due:
                return
            self._timer.cancel()
        self._at = max(due, self._loop.time())
        self._timer = self._loop.call_at(self._at, self._due)

    def close(self) -> None:
        """Never ring again, and let go of whom it rang for."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._ring = _nobody

    def _due(self) -> None:
        if self._timer is None:
            return
        is_late = self._loop.time() - self._at > _LATE_SECONDS
        if is_late and not self._is_put_off:
            self._is_put_off = True
            self._timer = self._loop.call_later(_READING_SECONDS, self._due)
            return
        self._timer, self._is_put_off = None, False
        self._ring()
