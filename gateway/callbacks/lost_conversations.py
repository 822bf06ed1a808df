"""Telling a callee who hung up from a conversation that nobody of ours was there to go on with.

Whenever a relay session is over with its call, the carrier says so to whichever gateway answers, and that is noted. A
call that is reported as over, whose conversation lived and whose end nobody noted, broke off while no gateway
answered: the carrier hung up because it was told nothing, not because the callee did.
"""

import asyncio
import logging
from datetime import datetime

from calls.facts import CallCompleted, CarrierEnd
from calls.ports.call_store import CallStore
from calls.ports.pages import StoreUnavailableError

log = logging.getLogger(__name__)


class LostConversations:
    """Notes ends, and finds those that nobody noted.

    `overtaken_seconds`: by how much the report of a call's end may overtake that of its relay's, which is sent first.
    """

    def __init__(self, calls: CallStore, *, overtaken_seconds: float = 1.0) -> None:
        self._calls = calls
        self._overtaken_seconds = overtaken_seconds

    async def note_end(self, call_id: str, at: datetime) -> None:
        """The carrier says that a relay session is over, and its call with it."""
        try:
            await self._calls.close_pulse(call_id, at)
        except StoreUnavailableError as error:
            log.warning("the end of call %s's conversation was not noted: %s", call_id, error)

    async def look(self, call_id: str, fact: CallCompleted) -> CallCompleted:
        """The report of a call's end, with what is known of its conversation."""
        if fact.carrier_status is not CarrierEnd.COMPLETED:
            return fact
        try:
            if await self._is_open(call_id):
                await asyncio.sleep(self._overtaken_seconds)
                if await self._is_open(call_id):
                    return fact.model_copy(update={"conversation_lost": True})
        except StoreUnavailableError as error:
            log.warning("nothing is known of call %s's conversation: %s", call_id, error)
        return fact

    async def _is_open(self, call_id: str) -> bool:
        pulse = await self._calls.pulse(call_id)
        return pulse is not None and pulse.is_open
