"""Stopping politely: SIGTERM first lets the process finish, and only then reaches the server.

uvicorn closes every websocket the moment it is told to stop. A gateway has calls on them that others can take over.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger(__name__)

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def finishing_first(finish: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Within it, SIGTERM runs `finish` and then whoever handled the signal before; a second one skips the wait.

    Nothing is changed where nobody handles SIGTERM, or outside the main thread.
    """
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    stopping = _Stopping(finish, before)
    loop.add_signal_handler(signal.SIGTERM, stopping.asked)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)


class _Stopping:
    def __init__(self, finish: Callable[[], Awaitable[None]], before: Handler) -> None:
        self._finish = finish
        self._before = before
        self._finishing: asyncio.Task[None] | None = None

    def asked(self) -> None:
        """SIGTERM came."""
        if self._finishing is None:
            self._finishing = asyncio.ensure_future(self._finish_and_stop())
        else:
            self._finishing.cancel()

    async def _finish_and_stop(self) -> None:
        try:
            await self._finish()
        except Exception:
            log.exception("this process stops without having finished")
        finally:
            self._before(signal.SIGTERM, None)
