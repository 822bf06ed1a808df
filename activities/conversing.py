"""Watching over the conversation: who answered, and is it still alive."""

import asyncio
from datetime import UTC, datetime

from temporalio import activity

from activities.failures import translated
from activities.models import CarrierWord, MachineCheck, MachineDecision, Watch
from activities.telephony import word_of
from calls.agents import VoicemailAction
from calls.facts import MachineAction
from calls.ports.call_store import CallStore, Pulse
from calls.ports.carrier import Carrier, CarrierError
from calls.ports.pages import StoreUnavailableError
from calls.words import Role

_LONGEST_SILENCE_OF_ASKING = 60.0
"""Seconds between two questions to the carrier about a conversation that stays silent."""

_LOOK_SECONDS = 0.5
"""How often it is looked whether a gateway notes the end of a conversation."""

_ACTIONS = {
    VoicemailAction.HANG_UP: MachineAction.HANG_UP,
    VoicemailAction.LEAVE_MESSAGE: MachineAction.LEAVE_MESSAGE,
    VoicemailAction.IGNORE: MachineAction.PROCEED,
}


class Conversing:
    """What the story needs to know of a conversation, over the ports of store and carrier.

    A pulse older than `pulse_stale_seconds` makes the carrier be asked; a conversation was lost whose end no gateway
    notes within `patience_seconds` after its call's.
    """

    def __init__(
        self, store: CallStore, carrier: Carrier, *, pulse_stale_seconds: float, patience_seconds: float = 8.0
    ) -> None:
        self._store = store
        self._carrier = carrier
        self._stale_seconds = pulse_stale_seconds
        self._looks = max(1, round(patience_seconds / _LOOK_SECONDS))

    @activity.defn
    async def check_answering_machine(self, check: MachineCheck) -> MachineDecision:
        """Weigh the carrier's verdict against the agent's policy; without a verdict the carrier is asked for it.

        A callee who has spoken to the agent before a machine was reported is taken for the person they sound like.
        """
        with translated():
            answered_by = check.answered_by or await self._ask(check.carrier_call_id)
            is_machine = answered_by == "fax" or answered_by.startswith("machine")
            if not is_machine:
                return MachineDecision(action=MachineAction.PROCEED, answered_by=answered_by, why="no machine")
            if check.voicemail.action is VoicemailAction.IGNORE:
                return MachineDecision(action=MachineAction.PROCEED, answered_by=answered_by, why="policy: ignore")
            if await self._conversed(check.call_id):
                why = "the callee had answered the agent before the verdict"
                return MachineDecision(action=MachineAction.PROCEED, answered_by=answered_by, why=why)
        if answered_by == "fax" or (not check.voicemail.message):
            return MachineDecision(action=MachineAction.HANG_UP, answered_by=answered_by, why="policy: hang up")
        action = _ACTIONS[check.voicemail.action]
        why = f"policy: {check.voicemail.action.value.replace('_', ' ')}"
        return MachineDecision(action=action, answered_by=answered_by, why=why)

    async def _ask(self, carrier_call_id: str) -> str:
        said = await self._carrier.ask(carrier_call_id)
        return (said.answered_by if said else None) or "unknown"

    async def _conversed(self, call_id: str) -> bool:
        """Whether the callee said something after the agent had: a greeting alone may be a machine's."""
        messages = await self._store.messages(call_id)
        agent_spoke = next((m.seq for m in messages if m.role is Role.AGENT), None)
        return agent_spoke is not None and any(m.role is Role.USER and m.seq > agent_spoke for m in messages)

    @activity.defn
    async def monitor_conversation(self, watch: Watch) -> CarrierWord | None:
        """Watch a conversation's pulse; when it is stale, ask the carrier what is true.

        Returns what the carrier said once the call is over there, or None once our own record says so. Runs for as
        long as the call does, on a task queue of its own, heart-beating; being killed costs nothing.
        """
        wait = self._stale_seconds
        while True:
            activity.heartbeat()
            await asyncio.sleep(wait)
            try:
                pulse = await self._store.pulse(watch.call_id)
                if pulse is not None and (fresh_for := self._fresh_for(pulse)) > 0:
                    wait = fresh_for
                    continue
                stored = await self._store.find(watch.call_id)
                if stored is not None and stored.progress.over:
                    return None
                said = await self._carrier.ask(watch.carrier_call_id)
            except (CarrierError, StoreUnavailableError) as error:
                activity.logger.warning("cannot watch call %s for now: %s", watch.call_id, error)
                continue
            if said is None or not said.is_live:
                is_lost = pulse is not None and await self._nobody_notes_its_end(watch.call_id)
                return word_of(watch.carrier_call_id, said).model_copy(update={"conversation_lost": is_lost})
            wait = min(wait * 2, _LONGEST_SILENCE_OF_ASKING)

    async def _nobody_notes_its_end(self, call_id: str) -> bool:
        """Whether a conversation whose call is over stays open: a gateway may note its end late."""
        for _ in range(self._looks):
            pulse = await self._store.pulse(call_id)
            if pulse is None or not pulse.is_open:
                return False
            activity.heartbeat()
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    def _fresh_for(self, pulse: Pulse) -> float:
        """How many seconds from now this pulse is stale, if no other follows it."""
        return self._stale_seconds - (datetime.now(UTC) - pulse.at).total_seconds()
