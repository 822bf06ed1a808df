"""Deliveries that must arrive, in order, without anybody waiting for them."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

Delivery = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait between attempts, in seconds: doubling from `first` up to `most`."""

    first: float = 0.1
    most: float = 5.0


class Outbox:
    """One lane of deliveries. A delivery is repeated until it succeeds, and the next one waits for it.

    It has a task only while there is something to deliver.
    """

    __slots__ = ("_back_off", "_call_id", "_task", "_waiting", "_what")

    def __init__(self, what: str, call_id: str, back_off: BackOff) -> None:
        self._what = what
        self._call_id = call_id
        self._back_off = back_off
        self._waiting: deque[Delivery] = deque()
        self._task: asyncio.Task[None] | None = None

    def put(self, delivery: Delivery) -> None:
        """Deliver after all that was put before."""
        self._waiting.append(delivery)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._deliver_all())

    async def drained(self, timeout_seconds: float) -> bool:
        """Wait until all is delivered; False when that took longer."""
        if self._task is None:
            return True
        done, _ = await asyncio.wait([self._task], timeout=timeout_seconds)
        return bool(done)

    def give_up(self) -> None:
        """Stop delivering, and say what is lost."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._task = None
            log.error("%d %s not delivered", len(self._waiting), self._what, extra={"call_id": self._call_id})

    async def _deliver_all(self) -> None:
        while self._waiting:
            await self._deliver(self._waiting[0])
            self._waiting.popleft()

    async def _deliver(self, delivery: Delivery) -> None:
        pause = self._back_off.first
        while True:
            try:
                await delivery()
            except Exception:
                log.warning("%s not delivered yet", self._what, exc_info=True, extra={"call_id": self._call_id})
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._back_off.most)
            else:
                return
