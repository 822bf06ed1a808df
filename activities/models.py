"""What activities take and give: small frozen models, kept in workflow histories."""

from datetime import datetime
from enum import StrEnum, unique

from pydantic import BaseModel, ConfigDict, Field

from calls.agents import Voicemail
from calls.calling_hours import CallingHours
from calls.facts import CarrierEnd, EvidenceValue, MachineAction
from calls.limits import LimitOf
from calls.model import CallOrder, CallPlan
from calls.ports.admissions import Turn
from calls.reasons import FinishReason
from calls.recalling import Traces
from calls.records import StoredCall
from calls.words import Party


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


@unique
class Registration(StrEnum):
    """What became of a request to register a call."""

    CREATED = "created"
    EXISTED = "existed"
    CONFLICT = "conflict"
    WITHDRAWN = "withdrawn"
    UNKNOWN_AGENT = "unknown_agent"
    NUMBER_NOT_BOUND = "number_not_bound"
    TOO_LATE = "too_late"
    """The deadline for registering passed; the call will never be dialled."""


class RegisterAnswer(_Model):
    """The answer to a registration. `plan` is set when the call was created."""

    outcome: Registration
    request_id: str = ""
    request_sha256: str = ""
    plan: CallPlan | None = None
    why: str = ""


class Admission(_Model):
    """Whether a call was let in; for one that waits, the limit that has no room for it, as far as known."""

    turn: Turn
    limit: LimitOf | None = None
    size: int | None = None


@unique
class DialResult(StrEnum):
    """What became of a dial."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_PROCESSED = "not_processed"
    AMBIGUOUS = "ambiguous"


class DialOrder(_Model):
    """One dial. Durations are whole seconds."""

    call_id: str
    attempt_id: str
    from_number: str
    to_number: str
    ring_seconds: int
    time_limit_seconds: int
    detect_machine: bool
    detect_message_end: bool
    machine_detection_seconds: int
    speech_threshold_ms: int | None = None
    speech_end_threshold_ms: int | None = None
    silence_timeout_ms: int | None = None
    calling_hours: CallingHours | None = None


class CallingTime(_Model):
    """A callee, and the instant from which on the first is sought at which their clock allows a call."""

    to_number: str
    hours: CallingHours
    at: datetime


class DialOutcome(_Model):
    """What the carrier answered to a dial; failures are values: what they mean is the story's to say."""

    result: DialResult
    carrier_call_id: str = ""
    reason: FinishReason | None = None
    by: Party | None = None
    """Who refused, where it was not the carrier."""
    message: str = ""
    evidence: dict[str, EvidenceValue] = Field(default_factory=dict)


class LookUp(_Model):
    """Which carrier call to look for after an ambiguous dial."""

    call_id: str
    from_number: str
    to_number: str
    not_before: datetime


class CarrierWord(_Model):
    """What the carrier says of a call when asked. `known` is False when it never heard of it."""

    known: bool
    carrier_call_id: str
    status: str = ""
    end: CarrierEnd | None = None
    duration_seconds: float | None = None
    answered_by: str | None = None
    conversation_lost: bool = False
    relay_session_id: str = ""
    """Where it was asked for: the relay session that left the last sign of life, at `relay_was_up_at`."""
    relay_was_up_at: datetime | None = None


class TransferOrder(_Model):
    """A transfer to start."""

    call_id: str
    attempt_id: str
    carrier_call_id: str
    request_id: str


class LiveCall(_Model):
    """A carrier call and the call it belongs to."""

    call_id: str
    attempt_id: str
    carrier_call_id: str


class Adoption(LiveCall):
    """A carrier call that came in, to be limited and reported on like a dialled one. Seconds from its answer."""

    time_limit_seconds: int


class Extension(_Model):
    """A new limit on the length of a carrier call, in seconds from its answer."""

    carrier_call_id: str
    time_limit_seconds: int


class MachineCheck(_Model):
    """A verdict to weigh. `answered_by` is None when the carrier's verdict never came."""

    call_id: str
    carrier_call_id: str
    answered_by: str | None
    voicemail: Voicemail


class MachineDecision(_Model):
    """What to do about who answered, and why."""

    action: MachineAction
    answered_by: str
    why: str


class Watch(_Model):
    """A conversation to watch over."""

    call_id: str
    carrier_call_id: str


class RecordingOrder(_Model):
    """A recording to bring into the archive. An empty `recording_id` lets the carrier be asked for one."""

    call_id: str
    carrier_call_id: str
    recording_id: str = ""
    duration_seconds: float | None = None
    channels: int | None = None


class RecordingOutcome(_Model):
    """Where the recording lies now; `archive_id` is empty when the carrier has none."""

    recording_id: str = ""
    archive_id: str = ""
    size_bytes: int = 0
    sha256: str = ""
    duration_seconds: float | None = None
    channels: int | None = None


class Look(_Model):
    """A look for calls without an owner. What is younger than the grace is not looked at."""

    grace_seconds: float


class Suspect(_Model):
    """A call that seems to have no owner. `carrier_call_id` is of a live carrier call that somebody must end."""

    call_id: str
    carrier_call_id: str = ""


class Found(_Model):
    """What one look found."""

    suspects: tuple[Suspect, ...] = ()


class TakeUp(_Model):
    """A call to take up, and how its story before ended. Input of the workflow that does it."""

    order: CallOrder
    story: str
    carrier_call_id: str = ""


class Recalled(_Model):
    """What is stored of a call."""

    stored: StoredCall
    traces: Traces
