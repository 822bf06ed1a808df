"""What a conversation asks of its shell, and how it can come out."""

from dataclasses import dataclass, field

from calls.facts import EvidenceValue
from calls.reasons import REASONS, FinishReason
from calls.records import Message
from calls.words import Party

Evidence = dict[str, EvidenceValue]


@dataclass(frozen=True, slots=True)
class Ended:
    """The talk is over and the phone should be hung up."""

    reason: FinishReason
    by: Party
    evidence: Evidence = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The agent wants the callee put through; `response_id` tells two askings of one call apart."""

    to_number: str
    response_id: int


@dataclass(frozen=True, slots=True)
class VoicemailReported:
    """The agent says that it talks to a voicemail box; the end that follows has that reason."""


Outcome = Ended | TransferAsked | VoicemailReported


@dataclass(frozen=True, slots=True)
class SendRelay:
    """Send a text frame to the relay."""

    text: str


@dataclass(frozen=True, slots=True)
class LeaveRelay:
    """Send the relay this frame, which makes the carrier ask what comes next, and close it if it then stays."""

    text: str


@dataclass(frozen=True, slots=True)
class SendAgent:
    """Send a text frame to the agent server."""

    text: str


@dataclass(frozen=True, slots=True)
class ConnectAgent:
    """Connect to the agent server in `delay` seconds; one answer is owed: connected, or failed."""

    delay: float


@dataclass(frozen=True, slots=True)
class CloseAgent:
    """Close the agent server's socket, or give up connecting; nothing more is heard from it."""

    code: int


@dataclass(frozen=True, slots=True)
class Store:
    """Keep a message of the record."""

    message: Message


@dataclass(frozen=True, slots=True)
class Report:
    """Tell whoever owns the call."""

    outcome: Outcome


Effect = SendRelay | LeaveRelay | SendAgent | ConnectAgent | CloseAgent | Store | Report


def ended(reason: FinishReason, **evidence: EvidenceValue) -> Ended:
    """An ending whose doer is the reason's own."""
    return Ended(reason, REASONS[reason].by, dict(evidence))
