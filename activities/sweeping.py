"""Looking for what has no owner: records that nobody finishes, and carrier calls that nobody would hang up.

Rules of this file
1. Only what our own records, claims and signed callbacks name is ever taken for ours: others may use the account.
2. Nothing here acts. What was found twice is taken up by a story of its own, under the call's own workflow id.
"""

from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import translated
from activities.heartbeats import heartbeating
from activities.models import Found, Look, Recalled, Suspect, TakeUp
from calls.agents import AgentSettings
from calls.ports.call_store import CallStore
from calls.ports.carrier import Carrier, CarrierCall, CarrierError
from calls.ports.loose_ends import LooseEnds
from calls.ports.owners import CallOwners, OwnersUnavailableError

MOST_AT_ONCE = 200
"""How many calls one sweep takes up; the next one goes on with the rest."""


class Sweeping:
    """Finds calls without an owner, over the ports of store, engine and carrier."""

    def __init__(self, store: CallStore, loose_ends: LooseEnds, owners: CallOwners, carrier: Carrier) -> None:
        self._store = store
        self._loose_ends = loose_ends
        self._owners = owners
        self._carrier = carrier

    @activity.defn
    async def look_for_orphans(self, look: Look) -> Found:
        """The calls that seem to have no owner. One look proves nothing: a story may be just starting or ending."""
        before = datetime.now(UTC) - timedelta(seconds=look.grace_seconds)
        async with heartbeating(seconds=1):
            with translated():
                unfinished = await self._loose_ends.unfinished(before)
                gone = await self._unowned(unfinished)
                suspects = {call_id: Suspect(call_id=call_id) for call_id in unfinished if call_id in gone}
                strays = await self._strays(before)
            gone_of_strays = await self._unowned(sorted({stray.call_id for stray in strays} - suspects.keys()))
        for stray in strays:
            if stray.call_id in suspects or stray.call_id in gone_of_strays:
                suspects[stray.call_id] = stray
        return Found(suspects=tuple(suspects.values())[:MOST_AT_ONCE])

    async def _strays(self, before: datetime) -> list[Suspect]:
        """The carrier's live calls that are of our calls, whoever owns those."""
        try:
            live = [call for call in await self._carrier.live() if call.created_at and call.created_at < before]
        except CarrierError as error:
            activity.logger.warning("the carrier's live calls cannot be listed for now: %s", error)
            return []
        named = await self._loose_ends.named([call.carrier_call_id for call in live]) if live else {}
        strays = [Suspect(call_id=call_id, carrier_call_id=about) for about, call_id in named.items()]
        nameless = [call for call in live if call.carrier_call_id not in named]
        return strays + [stray for call in nameless if (stray := await self._of_a_lost_dial(call))]

    async def _of_a_lost_dial(self, call: CarrierCall) -> Suspect | None:
        if not call.is_outbound or call.created_at is None:
            return None
        lost = await self._loose_ends.lost_dial(call.from_number, call.to_number, call.created_at)
        return Suspect(call_id=lost.order.call_id, carrier_call_id=call.carrier_call_id) if lost else None

    @activity.defn
    async def confirm_orphan(self, suspect: Suspect) -> TakeUp | None:
        """The second look, after the grace: what to take up, or None when the call is well after all."""
        async with heartbeating(seconds=1):
            return await self._confirmed(suspect)

    async def _confirmed(self, suspect: Suspect) -> TakeUp | None:
        gone = await self._unowned([suspect.call_id])
        if suspect.call_id not in gone:
            return None
        with translated():
            stored = await self._store.find(suspect.call_id)
            if stored is None:
                return None
            said = await self._carrier.ask(suspect.carrier_call_id) if suspect.carrier_call_id else None
        is_live = said is not None and said.is_live
        if stored.progress.complete and not is_live:
            return None
        about = suspect.carrier_call_id if is_live else ""
        return TakeUp(order=stored.order, story=gone[suspect.call_id], carrier_call_id=about)

    async def _unowned(self, call_ids: list[str]) -> dict[str, str]:
        try:
            return dict(await self._owners.unowned(call_ids)) if call_ids else {}
        except OwnersUnavailableError as error:
            raise ApplicationError(str(error), type=type(error).__name__) from error

    @activity.defn
    async def recall_call(self, call_id: str) -> Recalled | None:
        """What is stored of a call, without its agent's addresses; None when there is no such record."""
        with translated():
            stored = await self._store.find(call_id)
            if stored is None:
                return None
            traces = await self._loose_ends.traces(call_id)
        return Recalled(stored=stored.model_copy(update={"agent": _without_addresses(stored.agent)}), traces=traces)


def _without_addresses(agent: AgentSettings) -> AgentSettings:
    """They may hold secrets, no story needs them, and a workflow's history shows what it was told."""
    return agent.model_copy(update={"llm_websocket_url": "wss://withheld.invalid", "webhook_url": None})
