"""What is kept of a call: the record, its progress as the facts advance, its messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from calls import facts as f
from calls.agents import AgentSettings
from calls.facts import EvidenceValue
from calls.lifecycle import bridged, ending, is_over, open_transfer, was_answered
from calls.model import Call, CallOrder, CallPlan
from calls.reasons import FinishReason
from calls.words import CallStatus, Party, Phase, Role


class RecordingEntry(BaseModel):
    """What the record says of the call's recording. `status`: none, expected, archived or absent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: str = "none"
    recording_id: str | None = None
    archive_id: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    duration_seconds: float | None = None
    channels: int | None = None


class TransferEntry(BaseModel):
    """The transfer a call is in, or was in last. `status`: requested, bridged or failed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    request_id: str
    to_number: str
    status: str


class Progress(BaseModel):
    """What the facts say so far. `revision` is their number; a later progress never has a lower one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    revision: int
    status: CallStatus
    over: bool = False
    """Whether the carrier's call is over too (a transferred call's goes on after its record ended)."""
    carrier_call_id: str | None = None
    attempt_id: str | None = None
    start_time: datetime | None = None
    answer_time: datetime | None = None
    end_time: datetime | None = None
    duration_seconds: float | None = None
    finish_reason: FinishReason | None = None
    by: Party | None = None
    phase: Phase | None = None
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)
    may_ring_late: bool = False
    """Whether the call ended although a dial of it may be out that nobody knows the outcome of."""
    recording: RecordingEntry = RecordingEntry()
    transfer: TransferEntry | None = None
    complete: bool = False
    """Whether everything that follows a call (recording, transcript) is settled too."""


class NewCall(BaseModel):
    """A call about to be registered: the order, the agent as it is now, the plan drawn from it."""

    model_config = ConfigDict(frozen=True)

    order: CallOrder
    agent_id: str
    agent: AgentSettings
    plan: CallPlan
    registered_at: datetime


class StoredCall(NewCall):
    """A call as it is kept."""

    progress: Progress
    claimed_by: str | None = None
    """The carrier call that may speak for the call; no other one may."""


_SAME_MOMENT_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Message:
    """One stored utterance. `seq` counts from 0 per call; `extra` holds interruption, tool calls and the like."""

    seq: int
    role: Role
    content: str
    started_at: datetime
    ended_at: datetime
    extra: dict[str, Any]

    def is_same_as(self, other: "Message") -> bool:
        """Whether both are one utterance, whatever numbers they got; stores keep times to the millisecond."""
        apart = abs((self.started_at - other.started_at).total_seconds())
        return (self.role, self.content) == (other.role, other.content) and apart < _SAME_MOMENT_SECONDS


def progress(call: Call, *, complete: bool = False) -> Progress:
    """What a call's facts say for its record."""
    final = ending(call)
    answered = call.fact(f.CallAnswered) or call.fact(f.ConversationStarted)
    answered_at = answered.at if answered else None
    end_time = _end_time(call, answered_at) if final else None
    begun = (f.CallReceived, f.DialAccepted, f.CallInitiated, f.CallRinging)
    accepted = next((fact for kind in begun if (fact := call.fact(kind))), answered)
    attempted = call.fact(f.DialAttempted) or call.fact(f.CallReceived)
    return Progress(
        revision=len(call.facts) + complete,
        status=final.status if final else (CallStatus.ONGOING if was_answered(call) else CallStatus.REGISTERED),
        over=is_over(call),
        carrier_call_id=call.carrier_call_id,
        attempt_id=attempted.attempt_id if attempted and call.carrier_call_id else None,
        start_time=accepted.at if accepted else None,
        answer_time=answered_at,
        end_time=end_time,
        duration_seconds=_duration(call, answered_at, end_time),
        finish_reason=final.reason if final else None,
        by=final.by if final else None,
        phase=final.phase if final else None,
        evidence=final.evidence if final else {},
        may_ring_late=final is not None and _may_ring_late(call),
        recording=_recording(call),
        transfer=_transfer(call),
        complete=complete,
    )


def _may_ring_late(call: Call) -> bool:
    """Whether a dial was lost, or the story of it, which may have dialled."""
    taken_up = call.fact(f.TakenUp)
    is_story_gone = taken_up is not None and taken_up.evidence.get("detail") == "workflow_gone"
    dialled = call.knows(f.DialAttempted) or is_story_gone
    settled = call.knows(f.DialRefused) or call.knows(f.DialGivenUp) or call.carrier_call_id is not None
    return dialled and not settled


def _end_time(call: Call, answered_at: datetime | None) -> datetime | None:
    """When the agent's part ended: the earliest of what ends it. Not before an answer that beat the hangup."""
    ends = (f.Closing, f.CallCompleted, f.DialRefused, f.DialLost)
    known = [fact.at for kind in ends if (fact := call.fact(kind))]
    if transferred := bridged(call):
        known.append(transferred.at)
    since_answer = [at for at in known if answered_at is None or at >= answered_at]
    return min(since_answer, default=answered_at) if known else None


def _duration(call: Call, answered_at: datetime | None, end_time: datetime | None) -> float | None:
    if end_time is None or not was_answered(call):
        return None
    completed = call.fact(f.CallCompleted)
    if answered_at is None:
        return completed.duration_seconds if completed else None
    return max(0.0, round((end_time - answered_at).total_seconds(), 3))


def _recording(call: Call) -> RecordingEntry:
    if archived := call.fact(f.RecordingArchived):
        return RecordingEntry(
            status="archived",
            recording_id=archived.recording_id,
            archive_id=archived.archive_id,
            size_bytes=archived.size_bytes,
            sha256=archived.sha256,
            duration_seconds=archived.duration_seconds,
            channels=archived.channels,
        )
    if call.knows(f.RecordingAbsent):
        return RecordingEntry(status="absent")
    wanted = call.plan is not None and call.plan.record and was_answered(call)
    return RecordingEntry(status="expected" if wanted else "none")


def _transfer(call: Call) -> TransferEntry | None:
    asked = open_transfer(call)
    if transferred := bridged(call):
        asked = call.transfer(f.TransferRequested, transferred.request_id) or asked
    asked = asked or next(reversed(call.all_of(f.TransferRequested)), None)
    if asked is None:
        return None
    failed = call.transfer(f.TransferFailed, asked.request_id)
    status = "bridged" if transferred else "failed" if failed else "requested"
    return TransferEntry(request_id=asked.request_id, to_number=asked.to_number, status=status)
