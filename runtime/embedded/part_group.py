"""Parts that live and die together."""

import asyncio
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

from runtime.embedded.part import Part, Recipe


class PartGroup:
    """Parts by name, in the order in which they were started."""

    def __init__(self, log_folder: Path) -> None:
        self.parts: dict[str, Part] = {}
        self._log_folder = log_folder

    async def start(self, wanted: Iterable[Recipe]) -> None:
        """Start some parts at once and wait until all are ready.

        Raises:
            PartFailedError: One did not come up; the others of this call that were not ready yet are down again.
        """
        parts = [Part(recipe, self._log_folder) for recipe in wanted]
        self.parts |= {part.name: part for part in parts}
        starting = [asyncio.create_task(part.start()) for part in parts]
        try:
            done, _ = await asyncio.wait(starting, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Stop all of them, the last started first."""
        for part in reversed(self.parts.values()):
            await part.stop()

    async def supervise(self, expendable: AbstractSet[str], *, restarts: int, say: Callable[[str], None]) -> None:
        """Restart expendable parts that die, up to `restarts` times together; never returns by itself.

        A part that was stopped or killed on purpose is left alone until somebody starts it again.

        Raises:
            PartFailedError: Another part died, one did not come up again, or they died too often.
        """
        while True:
            dead = await self._next_death()
            if dead.name not in expendable or restarts == 0:
                raise dead.obituary()
            restarts -= 1
            say(f"{dead.obituary()}\nRestarting {dead.name} ({restarts} restarts left).")
            await dead.start()

    async def _next_death(self) -> Part:
        waiting = {asyncio.create_task(part.death()): part for part in self.parts.values()}
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return waiting[next(iter(done))]
