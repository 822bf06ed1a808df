"""Ownership of background tasks: none outlives its owner and none fails unseen."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """A set of tasks that end when their owner does.

    Nothing here may wait with ``asyncio.wait_for``: before Python 3.12 it swallows a cancellation that arrives together
    with its result. ``asyncio.timeout`` does not.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start work that this set owns; its failure is logged, never raised."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._settle)
        return task

    async def close(self) -> None:
        """Cancel what still runs and wait for it."""
        while others := self._running - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.wait(others)
            self._running -= others

    def _settle(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            log.error("task %s failed", task.get_name(), exc_info=failure)
