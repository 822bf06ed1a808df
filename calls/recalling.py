"""Remembering a call whose story was lost: from what is stored of it back to facts.

Rules of this file
1. Facts that are recalled say again what the record says: reason, times, recording. An ending stays the ending.
2. What was told while nobody took it (late words) comes after, as if it had been told in time; the first of a kind
   wins, and word of another carrier call changes nothing, as always.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from calls import facts as f
from calls.facts import CarrierEnd, CarrierFact, Fact
from calls.lifecycle import record
from calls.model import Call
from calls.reasons import FinishReason
from calls.records import Progress, StoredCall
from calls.words import CallStatus, Direction, Party


class LateWord(BaseModel):
    """Word of a call that no story could take: the kind of fact, and its content."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    body: dict[str, Any] = Field(default_factory=dict)
    at: datetime


class Traces(BaseModel):
    """What is known of a call beside its record: who claimed to speak for it, its last pulse, late words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempt_id: str = ""
    carrier_call_id: str = ""
    """Both of the claim; empty without one."""
    relay_session_id: str = ""
    pulse_at: datetime | None = None
    late: tuple[LateWord, ...] = ()


_KINDS: Mapping[str, type[Fact]] = {
    kind.kind: kind
    for kind in vars(f).values()
    if isinstance(kind, type) and issubclass(kind, Fact) and hasattr(kind, "kind")
}


def recalled(stored: StoredCall, traces: Traces) -> Call:
    """The call as far as it can be told from what is stored of it."""
    call = Call(stored.order, stored.plan)
    for fact in (*_told_by_record(stored, traces), *_told_late(traces)):
        call = record(call, fact)
    return call


def amends(progress: Progress, fact: Fact) -> bool:
    """Whether a late fact adds something to the record of a call that has ended.

    A carrier call that the record knows nothing of does (its dial was taken for lost), and so does a recording that
    was taken for absent.
    """
    if progress.finish_reason is None or not isinstance(fact, CarrierFact):
        return False
    if progress.carrier_call_id is None:
        return True
    is_own = fact.carrier_call_id == progress.carrier_call_id
    return is_own and isinstance(fact, f.RecordingReady) and progress.recording.status in ("absent", "expected")


def _told_by_record(stored: StoredCall, traces: Traces) -> Iterator[Fact]:
    progress = stored.progress
    yield f.Registered(at=stored.registered_at)
    if about := _about(stored, traces):
        yield from _way_to_the_answer(stored, traces, about)
    yield from _transfer(stored)
    yield from _ending(stored, about)
    entry = progress.recording
    at = progress.end_time or stored.registered_at
    if entry.status == "archived":
        yield f.RecordingArchived(at=at, **entry.model_dump(exclude={"status"}))
    elif entry.status == "absent" and about:
        yield f.RecordingAbsent(at=at, **about)


def _about(stored: StoredCall, traces: Traces) -> dict[str, Any]:
    """The ids of the carrier call that the record or the claim names; empty when neither does."""
    if known := stored.progress.carrier_call_id:
        return {"carrier_call_id": known, "attempt_id": stored.progress.attempt_id or traces.attempt_id}
    if traces.carrier_call_id:
        return {"carrier_call_id": traces.carrier_call_id, "attempt_id": traces.attempt_id}
    return {}


def _way_to_the_answer(stored: StoredCall, traces: Traces, about: dict[str, Any]) -> Iterator[Fact]:
    progress = stored.progress
    began = progress.start_time or stored.registered_at
    if stored.order.request.direction is Direction.INBOUND:
        yield f.CallReceived(at=began, **about)
    else:
        yield f.DialAttempted(at=stored.registered_at, attempt_id=about["attempt_id"])
        yield f.DialAccepted(at=began, **about)
    if progress.answer_time:
        yield f.CallAnswered(at=progress.answer_time, **about)
    elif progress.status is CallStatus.ONGOING or progress.recording.status == "expected":
        # Something proved the answer and nothing dated it: the latest moment it can have been.
        yield f.CallAnswered(at=progress.end_time or began, **about)
    if traces.pulse_at:
        at = progress.answer_time or traces.pulse_at
        yield f.ConversationStarted(at=at, relay_session_id=traces.relay_session_id, **about)


def _transfer(stored: StoredCall) -> Iterator[Fact]:
    entry, progress = stored.progress.transfer, stored.progress
    if entry is None:
        return
    at = progress.end_time or progress.answer_time or stored.registered_at
    by = Party(str(progress.evidence.get("transfer_asked_by") or Party.AGENT))
    yield f.TransferRequested(at=at, request_id=entry.request_id, to_number=entry.to_number, by=by)
    if entry.status == "bridged":
        yield f.TransferBridged(at=at, request_id=entry.request_id)
    elif entry.status == "failed":
        yield f.TransferFailed(at=at, request_id=entry.request_id, carrier_status="")


def _ending(stored: StoredCall, about: dict[str, Any]) -> Iterator[Fact]:
    """The ending that the record holds, as a decision: it stays what it is, whatever is learnt of it afterwards."""
    progress = stored.progress
    reason, by, phase = progress.finish_reason, progress.by, progress.phase
    if reason is None or by is None or phase is None:
        return
    at = progress.end_time or stored.registered_at
    is_bridged = progress.transfer is not None and progress.transfer.status == "bridged"
    if not (reason is FinishReason.CALL_TRANSFERRED and is_bridged):
        yield f.Closing(at=at, reason=reason, by=by, phase=phase)
    if progress.over and about:
        said = progress.evidence.get("carrier_status")
        end = CarrierEnd(said) if said in set(CarrierEnd) else CarrierEnd.COMPLETED
        yield f.CallCompleted(at=at, carrier_status=end, duration_seconds=progress.duration_seconds, **about)


def _told_late(traces: Traces) -> Iterator[Fact]:
    for word in sorted(traces.late, key=lambda word: word.at):
        kind = _KINDS.get(word.kind)
        if kind is None:
            continue
        try:
            yield kind.model_validate(word.body)
        except ValidationError:
            continue  # another release's word: the record and the carrier remain
