"""Passing on what the carrier and the conversation tell: to the call's workflow, or into the late facts."""

import logging

from calls.facts import Fact
from calls.ports.call_store import CallStore
from calls.ports.pages import StoreUnavailableError
from calls.recalling import amends
from gateway.once_told import OnceTold
from gateway.parts import Clock
from gateway.ports import CallControl, Told

log = logging.getLogger(__name__)


class Telling:
    """Makes facts known. Nothing that was told is dropped without a trace."""

    def __init__(self, calls: CallStore, control: CallControl, now: Clock, told: OnceTold) -> None:
        self._calls = calls
        self._control = control
        self._told = told
        self.now = now

    async def tell(self, call_id: str, fact: Fact, *, about: str | None = None) -> bool:
        """Tell a call's workflow, once; whether it was told. `about` is the carrier call that it must be about.

        Raises EngineUnavailableError, and StoreUnavailableError where the fact should have been noted.
        """
        return await self._told.tell(call_id, fact, about, lambda: self._tell(call_id, fact, about))

    async def _tell(self, call_id: str, fact: Fact, about: str | None) -> bool:
        foreign = about is not None and await self.is_foreign(call_id, about)
        if foreign:
            log.warning("%s for call %s is about another carrier call: noted, not told", fact.kind, call_id)
        elif await self._control.tell(call_id, fact) is Told.DELIVERED:
            return True
        await self._calls.note_late(call_id, fact.kind, fact.model_dump(mode="json"), self.now())
        if not foreign:
            await self._amend(call_id, fact)
        return False

    async def _amend(self, call_id: str, fact: Fact) -> None:
        """Have an ended call taken up again when its record lacks what is told now: a phone may ring unseen."""
        stored = await self._calls.find(call_id)
        if stored is not None and amends(stored.progress, fact):
            log.warning("%s for call %s came after its end: the call is taken up again", fact.kind, call_id)
            await self._control.take_up(stored.order, fact)

    async def is_foreign(self, call_id: str, carrier_call_id: str) -> bool:
        """Whether another carrier call is known to speak for this call.

        Without the store's answer it is taken for ours: the workflow makes the same comparison once more.
        """
        try:
            holder = await self._calls.claimed_by(call_id)
        except StoreUnavailableError:
            return False
        return holder is not None and holder != carrier_call_id
