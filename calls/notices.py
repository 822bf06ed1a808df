"""What a customer is told about a call: the events, when each is due, and the name that a repetition keeps.

Rules of this file
1. What is due is read off the record, so that whatever was missed is found again by the next look. What a later
   event has overtaken is not due any more: nobody is told of a start after the end.
2. An end is told when the carrier's call is over: its last word may be that the phone was picked up, or that the call
   was over before anybody asked for its end. A transferred call's end is the bridge, whatever becomes of the rest.
3. An event is told once: its trace id is derived from call and event, and is the same on every delivery.
"""

import hashlib
from collections.abc import Collection
from enum import StrEnum, unique

from calls.reasons import FinishReason
from calls.records import Progress


@unique
class CallEvent(StrEnum):
    """The events of the HTTP contract, in the order in which a call has them."""

    STARTED = "CallHandler.CallStarted"
    """The callee's phone was picked up."""
    TRANSFERRED = "CallHandler.CallTransferred"
    """The callee was connected to another number; the end follows at once."""
    ENDED = "CallHandler.CallEnded"
    """The agent's part is over, and so is the carrier's call unless it was transferred."""
    COMPLETED = "callAnalysis.pcaCompleted"
    """Everything that follows a call is settled: recording, transcript."""

    @property
    def position(self) -> int:
        """Its place among a call's events, from 0."""
        return list(CallEvent).index(self)


def due(known: Progress) -> tuple[CallEvent, ...]:
    """The events that a record calls for, in order. A call that never connected has not started.

    The carrier's last word may be the first that tells of an answer: how long was talked, and not since when.
    """
    is_transferred = known.finish_reason is FinishReason.CALL_TRANSFERRED
    has_ended = known.finish_reason is not None and (known.over or known.complete or is_transferred)
    is_due = {
        CallEvent.STARTED: known.answer_time is not None or known.duration_seconds is not None,
        CallEvent.TRANSFERRED: is_transferred,
        CallEvent.ENDED: has_ended,
        CallEvent.COMPLETED: has_ended and known.complete,
    }
    return tuple(event for event in CallEvent if is_due[event])


def fresh(known: Progress, told: Collection[CallEvent]) -> tuple[CallEvent, ...]:
    """The events that are due and not among those told; none that comes before one of these."""
    latest = max((event.position for event in told), default=-1)
    return tuple(event for event in due(known) if event.position > latest)


def trace_id(record_id: str, event: CallEvent) -> str:
    """The name of one event of one call: 32 hex digits, by which a receiver knows a repetition."""
    return hashlib.sha256(f"notice:{record_id}:{event}".encode()).hexdigest()[:32]
