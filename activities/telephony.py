"""The verbs of the telephone: dial, ask, hang up, transfer."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio import activity

from activities.failures import translated
from activities.heartbeats import heartbeating
from activities.models import (
    Adoption,
    CallingTime,
    CarrierWord,
    DialOrder,
    DialOutcome,
    DialResult,
    Extension,
    LiveCall,
    LookUp,
    TransferOrder,
)
from calls.facts import EvidenceValue
from calls.ports.call_store import CallFilter, CallStore
from calls.ports.carrier import (
    Carrier,
    CarrierCall,
    CarrierError,
    Dial,
    DialAmbiguousError,
    DialNotProcessedError,
    DialRefusedError,
)
from calls.ports.pages import StoreUnavailableError
from calls.reasons import FinishReason
from calls.screening import Rule, Screening
from calls.words import Party

_CLOCK_SKEW = timedelta(seconds=2)
"""How far the carrier's creation time may lie before ours for the same dial."""
_SCREENING_SECONDS = 3.0
"""How long a dial waits for the do-not-call list: what is left of the activity's time is the carrier's."""


class Telephony:
    """What the story does to the telephone, over the carrier's port."""

    def __init__(self, carrier: Carrier, store: CallStore, screening: Screening) -> None:
        self._carrier = carrier
        self._store = store
        self._screening = screening

    @activity.defn
    async def dial(self, order: DialOrder) -> DialOutcome:
        """Ring the callee, once. Every answer of the carrier is a value; only our own death is a failure.

        A cancellation that arrives while the carrier is being asked is ignored: its answer must be known.
        """
        placed = asyncio.ensure_future(self._dial(order))
        async with heartbeating(seconds=1):
            while not placed.done():
                try:
                    await asyncio.shield(placed)
                except asyncio.CancelledError:
                    if placed.cancelled():
                        raise
        return placed.result()

    async def _dial(self, order: DialOrder) -> DialOutcome:
        try:
            async with asyncio.timeout(_SCREENING_SECONDS):
                now = datetime.now(UTC)
                refused = await self._screening.refused_now(order.to_number, order.calling_hours, now)
        except (StoreUnavailableError, TimeoutError) as error:
            why = f"the store is away, and with it the do-not-call list: {error or 'no answer'}"
            return DialOutcome(result=DialResult.NOT_PROCESSED, message=why)
        if refused:
            # Whoever started this story by hand, or before the rules were what they are, did not ask them.
            evidence: dict[str, EvidenceValue] = {"detail": f"screening: {refused.rule}"}
            is_untimely = refused.rule is Rule.OUTSIDE_CALLING_HOURS
            reason = FinishReason.CALL_FAILED if is_untimely else FinishReason.POTENTIAL_SCAM_DETECTED
            return DialOutcome(result=DialResult.REFUSED, reason=reason, by=Party.SYSTEM, evidence=evidence)
        try:
            carrier_call_id = await self._carrier.dial(Dial(**order.model_dump(exclude={"calling_hours"})))
        except DialRefusedError as error:
            return DialOutcome(
                result=DialResult.REFUSED, reason=error.reason, message=str(error), evidence=error.evidence
            )
        except DialNotProcessedError as error:
            return DialOutcome(
                result=DialResult.NOT_PROCESSED, reason=error.reason, message=str(error), evidence=error.evidence
            )
        except DialAmbiguousError as error:
            return DialOutcome(result=DialResult.AMBIGUOUS, message=str(error), evidence=error.evidence)
        return DialOutcome(result=DialResult.ACCEPTED, carrier_call_id=carrier_call_id)

    @activity.defn
    async def find_calling_time(self, wish: CallingTime) -> datetime | None:
        """The first instant from then on at which the callee's clock allows a call; None when none comes."""
        return self._screening.next_allowed(wish.to_number, wish.hours, wish.at)

    @activity.defn
    async def find_dialled_call(self, look_up: LookUp) -> CarrierWord | None:
        """The one carrier call that an ambiguous dial can have made; None when there is none or it cannot be told."""
        with translated():
            found = await self._carrier.find(
                from_number=look_up.from_number,
                to_number=look_up.to_number,
                not_before=look_up.not_before - _CLOCK_SKEW,
            )
            if not found:
                return None
            others = await self._store.page(
                CallFilter(from_number=look_up.from_number, to_number=look_up.to_number, page_size=1000)
            )
        rivals = [other.progress for other in others.items if other.order.call_id != look_up.call_id]
        if any(rival.carrier_call_id is None and rival.finish_reason is None for rival in rivals):
            return None
        taken = {rival.carrier_call_id for rival in rivals}
        free = [call for call in found if call.carrier_call_id not in taken]
        return word_of(free[0].carrier_call_id, free[0]) if len(free) == 1 else None

    @activity.defn
    async def ask_carrier(self, asked: LiveCall | str) -> CarrierWord:
        """What the carrier says of a carrier call; of a call of ours also whether its callee was ever connected."""
        ours = asked if isinstance(asked, LiveCall) else None
        carrier_call_id = asked if isinstance(asked, str) else asked.carrier_call_id
        with translated():
            word = word_of(carrier_call_id, await self._carrier.ask(carrier_call_id))
            pulse = await self._store.pulse(ours.call_id) if ours else None
        if pulse is None:
            return word
        return word.model_copy(update={"relay_session_id": pulse.relay_session_id, "relay_was_up_at": pulse.at})

    @activity.defn
    async def hang_up(self, carrier_call_id: str) -> bool:
        """End the carrier call; False when it was over already."""
        with translated():
            return await self._carrier.hang_up(carrier_call_id)

    @activity.defn
    async def start_transfer(self, order: TransferOrder) -> bool:
        """Have the carrier ring the transfer's target; False when the call is over.

        The target is the record's. One that must not be rung is refused for good: whoever asked did not screen it.
        What an attempt began whose answer was lost, and the carrier has told the outcome of or is about, is not begun
        once more.
        """
        with translated():
            stored = await self._store.find(order.call_id)
            target = stored.progress.transfer if stored else None
            if target and (target.request_id, target.status) != (order.request_id, "requested"):
                return True
            if await self._has_left_its_relay(order.call_id):
                return True
            if target and (refused := await self._screening.refused(target.to_number)):
                raise CarrierError(f"screening: {refused.rule}", permanent=True)
            return await self._carrier.start_transfer(
                order.carrier_call_id, call_id=order.call_id, attempt_id=order.attempt_id, request_id=order.request_id
            )

    async def _has_left_its_relay(self, call_id: str) -> bool:
        """Whether an attempt before this one got through: the carrier has asked for what follows the talk since."""
        attempt = activity.info()
        if attempt.attempt == 1:
            return False
        pulse = await self._store.pulse(call_id)
        left_at = pulse.closed_at if pulse else None
        return left_at is not None and left_at >= attempt.scheduled_time

    @activity.defn
    async def leave_message(self, call: LiveCall) -> bool:
        """Have the agent's voicemail message spoken, after which the carrier hangs up; False when the call is over.

        A message that is being spoken, because only the answer to an attempt was lost, is not begun once more.
        """
        with translated():
            if await self._has_left_its_relay(call.call_id):
                return True
            return await self._carrier.play_message(
                call.carrier_call_id, call_id=call.call_id, attempt_id=call.attempt_id
            )

    @activity.defn
    async def adopt_call(self, adoption: Adoption) -> bool:
        """Give a call that came in a time limit and somebody to report its end to; False when it is over."""
        with translated():
            return await self._carrier.adopt(
                adoption.carrier_call_id,
                call_id=adoption.call_id,
                attempt_id=adoption.attempt_id,
                time_limit_seconds=adoption.time_limit_seconds,
            )

    @activity.defn
    async def stop_recording(self, carrier_call_id: str) -> bool:
        """Record no further; False where nothing is being recorded."""
        with translated():
            return await self._carrier.stop_recording(carrier_call_id)

    @activity.defn
    async def extend_time_limit(self, extension: Extension) -> None:
        """Let a transferred call last as long as a transferred call may."""
        with translated():
            await self._carrier.extend(extension.carrier_call_id, extension.time_limit_seconds)


def word_of(carrier_call_id: str, said: CarrierCall | None) -> CarrierWord:
    """The carrier's answer in the form that histories keep."""
    if said is None:
        return CarrierWord(known=False, carrier_call_id=carrier_call_id)
    return CarrierWord(
        known=True,
        carrier_call_id=said.carrier_call_id,
        status=said.status,
        end=said.end,
        duration_seconds=said.duration_seconds,
        answered_by=said.answered_by,
    )
