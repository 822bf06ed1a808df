"""The verb of the limits: a call's turn is asked for, or waited for."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from temporalio import activity

from activities.failures import translated
from activities.heartbeats import heartbeating
from activities.models import Admission
from calls.ports.admissions import Admissions, Standing, Turn
from calls.ports.pages import StoreUnavailableError

LOOK_SECONDS: Final = 0.25
"""How often it is looked whose turn it is: once for all calls that wait in this process."""
_HEARTBEAT_SECONDS: Final = 5.0


class Admitting:
    """Lets calls in, over the port of the limits.

    Two hundred calls that wait are one question to the store: whoever asks while a question is under way shares the
    next one, and all who wait look at the same moments.
    """

    def __init__(self, admissions: Admissions, look_seconds: float = LOOK_SECONDS) -> None:
        self._admissions = admissions
        self._look_seconds = look_seconds
        self._one_at_a_time = asyncio.Lock()
        self._asking: set[str] = set()
        self._next: asyncio.Task[Mapping[str, Standing]] | None = None

    @activity.defn
    async def ask_admission(self, call_id: str) -> Admission:
        """Take a slot of every limit, or a place in the queue; which of the two is the answer."""
        with translated():
            return _answer(await self._standing(call_id))

    @activity.defn
    async def await_admission(self, call_id: str) -> Admission:
        """Wait until it is this call's turn. Being killed costs neither slot nor place.

        A call whose turn can never come waits until its story says otherwise: its record is over while the story is
        still taking its last step, and an answer then would undo that step and what was asked with it.
        """
        async with heartbeating(_HEARTBEAT_SECONDS):
            while True:
                try:
                    standing = await self._standing(call_id)
                except StoreUnavailableError as error:
                    activity.logger.warning("cannot ask for the turn of call %s for now: %s", call_id, error)
                else:
                    if standing.turn is Turn.ADMITTED:
                        return _answer(standing)
                await self._until_the_next_look()

    async def _until_the_next_look(self) -> None:
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(self._look_seconds - now % self._look_seconds)

    async def _standing(self, call_id: str) -> Standing:
        self._asking.add(call_id)
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        return (await asyncio.shield(self._next))[call_id]

    async def _ask(self) -> Mapping[str, Standing]:
        async with self._one_at_a_time:
            asking, self._asking, self._next = self._asking, set(), None
            return await self._admissions.admit(asking, datetime.now(UTC))


def _answer(standing: Standing) -> Admission:
    full = standing.full
    return Admission(turn=standing.turn, limit=full.of if full else None, size=full.size if full else None)
