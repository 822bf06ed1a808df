"""What this gateway has told already.

A carrier repeats itself, and each signal costs the engine a piece of the call's history and a task. What was told
once is not told again; a workflow hears repetitions from other gateways all the same, and makes nothing of them.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine

from calls.facts import Fact

REMEMBERED = 20_000
"""Facts, about 10 MB: those of an hour at one new call a second."""


class OnceTold:
    """Remembers the latest facts that were told, and joins whoever asks again to the telling under way."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._told: OrderedDict[bytes, asyncio.Task[bool]] = OrderedDict()

    async def tell(
        self, call_id: str, fact: Fact, about: str | None, telling: Callable[[], Coroutine[None, None, bool]]
    ) -> bool:
        """The answer of `telling`, which is only asked where the same was not told before, whenever it happened.

        A telling that fails raises to all who wait for it, and is forgotten.
        """
        said = fact.model_dump_json(exclude={"at"})
        mark = hashlib.sha256(f"{call_id}\n{fact.kind}\n{about}\n{said}".encode(errors="replace")).digest()
        task = self._told.get(mark)
        if task is None:
            # A task of its own: whoever asked first may go away before it is told, and others wait for it.
            task = self._told[mark] = asyncio.create_task(telling())
            task.add_done_callback(lambda done: self._settle(mark, done))
        return await asyncio.shield(task)

    def forget(self) -> None:
        """Remember nothing, as after a restart."""
        self._told.clear()

    def _settle(self, mark: bytes, done: asyncio.Task[bool]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._told.pop(mark, None)
        while len(self._told) > self._remembered:
            self._told.popitem(last=False)
