"""What can become known about a call: facts, in the past tense, frozen.

A fact says what happened and when; it never says what to do. The carrier's facts name the carrier call they are
about, so that word of another call can be told apart. `at` is UTC.
"""

from enum import StrEnum, unique
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from calls.limits import LimitOf
from calls.reasons import FinishReason
from calls.words import Party, Phase

EvidenceValue = str | int | float | bool | None


class Fact(BaseModel):
    """Something known about a call. `key` names it: the first fact of a key wins, repeats change nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: ClassVar[str]
    at: AwareDatetime

    @property
    def key(self) -> str:
        """What this fact is the first of, within its call."""
        return self.kind


class CarrierFact(Fact):
    """A fact about one carrier call, told by the carrier or asked of it."""

    carrier_call_id: str
    attempt_id: str


class Registered(Fact):
    """The call exists: its record is stored and its id taken."""

    kind = "registered"


class CallReceived(CarrierFact):
    """Somebody calls one of our numbers; their phone rings at us."""

    kind = "call_received"


class CallTurnedAway(Fact):
    """A call that came in got no agent: it was refused, or nobody could say who should take it."""

    kind = "call_turned_away"
    reason: FinishReason
    by: Party
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)


class AdmissionAwaited(Fact):
    """A limit on simultaneous calls leaves no room yet; the call waits for its turn."""

    kind = "admission_awaited"
    limit: LimitOf
    size: int


class Admitted(Fact):
    """It was the call's turn, after a wait: it has a slot of every limit that it is under."""

    kind = "admitted"


class AdmissionRefused(Fact):
    """A limit on simultaneous calls left no room, and the call waits no longer, or was not to wait at all."""

    kind = "admission_refused"
    limit: LimitOf
    size: int


class DialAttempted(Fact):
    """We are about to ask the carrier to ring the callee."""

    kind = "dial_attempted"
    attempt_id: str


class DialAccepted(CarrierFact):
    """The carrier took the dial and gave it an id."""

    kind = "dial_accepted"


class DialRefused(Fact):
    """The carrier said no for good; nothing rings."""

    kind = "dial_refused"
    attempt_id: str
    reason: FinishReason
    by: Party | None = None
    """Who said no; None is whoever does so for this reason, in most cases the carrier."""
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)


class DialGivenUp(Fact):
    """No dial is out, and none will be: the call's end came before the carrier took one."""

    kind = "dial_given_up"
    attempt_id: str


class DialLost(Fact):
    """Nobody knows whether the carrier took the dial, and no carrier call was found for it."""

    kind = "dial_lost"
    attempt_id: str
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)


class CallInitiated(CarrierFact):
    """The carrier began to place the call."""

    kind = "call_initiated"


class CallRinging(CarrierFact):
    """The callee's phone rings."""

    kind = "call_ringing"


class CallAnswered(CarrierFact):
    """The callee's phone was picked up."""

    kind = "call_answered"


@unique
class CarrierEnd(StrEnum):
    """How the carrier says its call ended."""

    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"


class CallCompleted(CarrierFact):
    """The carrier call is over."""

    kind = "call_completed"
    carrier_status: CarrierEnd
    sip_code: int | None = None
    duration_seconds: float | None = None
    """Talk time as the carrier counts it; None when it did not say."""
    carrier_error_code: int | None = None
    answered_by: str | None = None
    asked: bool = False
    """Whether we learnt it by asking instead of by a status callback."""
    conversation_lost: bool = False
    """Whether its conversation had lived and nobody of ours was ever told that it ended: no gateway answered."""


class MachineVerdict(CarrierFact):
    """Answering-machine detection came to a verdict."""

    kind = "machine_verdict"
    answered_by: str
    """human, machine_start, machine_end_beep, machine_end_silence, machine_end_other, fax or unknown."""
    detection_ms: int | None = None


@unique
class MachineAction(StrEnum):
    """What is done about a verdict."""

    PROCEED = "proceed"
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"


class MachineChecked(Fact):
    """The verdict was weighed against the agent's policy."""

    kind = "machine_checked"
    action: MachineAction
    answered_by: str
    why: str


class ConversationStarted(CarrierFact):
    """The relay is up: callee and agent can hear each other."""

    kind = "conversation_started"
    relay_session_id: str


class ConversationEnded(Fact):
    """The conversation itself found a reason to end the call."""

    kind = "conversation_ended"
    attempt_id: str = ""
    reason: FinishReason
    by: Party
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)


class EndRequested(Fact):
    """Somebody asked for the call to end."""

    kind = "end_requested"
    request_id: str
    by: Party = Party.OPERATOR
    via: str = "request"
    """How it was asked: update, signal or cancellation."""
    note: str = ""


class TransferFact(Fact):
    """A fact about one transfer, told apart by its request id."""

    request_id: str

    @property
    def key(self) -> str:
        """One fact of each kind per transfer."""
        return f"{self.kind}:{self.request_id}"


class TransferRequested(TransferFact):
    """Somebody asked for the callee to be handed to another number."""

    kind = "transfer_requested"
    to_number: str
    by: Party


class TransferStarted(TransferFact):
    """The carrier was told to ring the transfer's target."""

    kind = "transfer_started"


class TransferBridged(TransferFact):
    """The transfer's target answered and hears the callee."""

    kind = "transfer_bridged"
    carrier_call_id: str = ""


class TransferFailed(TransferFact):
    """The transfer's target could not be reached; the callee is back with the agent."""

    kind = "transfer_failed"
    carrier_status: str
    sip_code: int | None = None


class TransferEnded(TransferFact):
    """The talk with the transfer's target is over."""

    kind = "transfer_ended"


@unique
class Timer(StrEnum):
    """The workflow's timers."""

    REGISTERED = "registered deadline"
    RING = "ring time-out"
    MEDIA_UP = "media time-out"
    MAXIMUM_DURATION = "maximum duration"


class TimerExpired(Fact):
    """One of the call's timers ran out, and the carrier, asked, knew nothing better."""

    kind = "timer_expired"
    timer: Timer

    @property
    def key(self) -> str:
        """Each timer expires once."""
        return f"{self.kind}:{self.timer}"


class WentWrong(Fact):
    """Something of ours failed in a way no rule covers."""

    kind = "went_wrong"
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)


class TakenUp(Fact):
    """The call's story was gone, or had ended before this word came, and another one took it up."""

    kind = "taken_up"
    story: str
    """How the story before ended: terminated, failed, timed_out, canceled, completed, or lost."""
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)
    """What the record held."""


class Closing(Fact):
    """We decided to end the call, and why; known before we hang up, so that the hangup cannot rename it."""

    kind = "closing"
    reason: FinishReason
    by: Party
    phase: Phase
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)


class RecordingReady(CarrierFact):
    """The carrier has the recording."""

    kind = "recording_ready"
    recording_id: str
    recording_url: str
    duration_seconds: float | None = None
    channels: int | None = None


class RecordingAbsent(CarrierFact):
    """The carrier has no recording of this call."""

    kind = "recording_absent"
    recording_id: str = ""
    carrier_error_code: int | None = None


class RecordingArchived(Fact):
    """The recording lies in our archive, whole."""

    kind = "recording_archived"
    recording_id: str
    archive_id: str
    size_bytes: int
    sha256: str
    duration_seconds: float | None = None
    channels: int | None = None


class TranscriptArchived(Fact):
    """The messages were gathered into the record."""

    kind = "transcript_archived"
    messages: int
