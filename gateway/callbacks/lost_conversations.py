"""Telling a callee who hung up from a conversation that nobody of ours was there to go on with.

Whenever a relay session is over, the carrier asks whichever gateway answers what comes next, and unless that is another
relay the conversation's end is noted. A call that is reported as over, whose conversation lived and whose end nobody
noted, broke off while no gateway answered: the carrier hung up because it was told nothing, not because the callee did.
"""

import asyncio
import logging
from datetime import datetime

from calls.facts import CallCompleted, CarrierEnd
from calls.ports.call_store import CallStore
from calls.ports.pages import StoreUnavailableError

log = logging.getLogger(__name__)

_NOTED_WITHIN_SECONDS = 60.0
"""How long a note waits for a store that is away."""


class LostConversations:
    """Notes ends, and finds those that nobody noted.

    `patience_seconds`: by how much the report of a call's end may overtake that of its relay's. That one is sent first,
    but may be in the hands of a gateway that stands still; the carrier waits 15 s for an answer to this one.
    """

    def __init__(self, calls: CallStore, *, patience_seconds: float = 8.0, look_every: float = 0.25) -> None:
        self._calls = calls
        self._looks = round(patience_seconds / look_every)
        self._look_every = look_every
        self._later = round(_NOTED_WITHIN_SECONDS / look_every)
        self._noting: set[asyncio.Task[None]] = set()

    async def note_end(self, call_id: str, at: datetime) -> None:
        """A relay session of this call is over and no other one follows."""
        try:
            await self._calls.close_pulse(call_id, at)
        except StoreUnavailableError as error:
            log.warning("the end of call %s's conversation is not noted yet: %s", call_id, error)
            noting = asyncio.create_task(self._note_later(call_id, at))
            self._noting.add(noting)
            noting.add_done_callback(self._noting.discard)

    async def _note_later(self, call_id: str, at: datetime) -> None:
        """The carrier waits for its answer and asks this only once: the note is made behind its back."""
        for _ in range(self._later):
            await asyncio.sleep(self._look_every)
            try:
                await self._calls.close_pulse(call_id, at)
            except StoreUnavailableError:
                continue
            return
        log.error("the end of call %s's conversation was never noted: it will be taken for lost", call_id)

    async def look(self, call_id: str, fact: CallCompleted) -> CallCompleted:
        """The report of a call's end, with what is known of its conversation."""
        if fact.carrier_status is not CarrierEnd.COMPLETED:
            return fact
        try:
            for _ in range(self._looks):
                if not await self._is_open(call_id):
                    return fact
                await asyncio.sleep(self._look_every)
            return fact.model_copy(update={"conversation_lost": True})
        except StoreUnavailableError as error:
            log.warning("nothing is known of call %s's conversation: %s", call_id, error)
        return fact

    async def _is_open(self, call_id: str) -> bool:
        pulse = await self._calls.pulse(call_id)
        return pulse is not None and pulse.is_open
