"""The carrier as this system needs it, and the errors by which it says no.

The adapter decides whether a failure is permanent; nobody above it looks at vendor codes.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from calls.facts import CarrierEnd, EvidenceValue
from calls.reasons import FinishReason


class CarrierError(Exception):
    """The carrier did not do what was asked. `permanent` says whether asking again can help."""

    def __init__(self, message: str, *, permanent: bool, evidence: Mapping[str, EvidenceValue] | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.evidence: dict[str, EvidenceValue] = dict(evidence or {})


class DialRefusedError(CarrierError):
    """The carrier refused the dial for good; `reason` is what the call's record should say."""

    def __init__(self, message: str, *, reason: FinishReason, evidence: Mapping[str, EvidenceValue]) -> None:
        super().__init__(message, permanent=True, evidence=evidence)
        self.reason = reason


class DialNotProcessedError(CarrierError):
    """The dial certainly did not reach the carrier's books (429, connection refused); dialling again is safe.

    `reason` is what the record should say if it is still so when the call's patience ends.
    """

    def __init__(
        self, message: str, *, reason: FinishReason, evidence: Mapping[str, EvidenceValue] | None = None
    ) -> None:
        super().__init__(message, permanent=False, evidence=evidence)
        self.reason = reason


class DialAmbiguousError(CarrierError):
    """Nobody can say whether the carrier took the dial. There must never be a second one."""

    def __init__(self, message: str, *, evidence: Mapping[str, EvidenceValue] | None = None) -> None:
        super().__init__(message, permanent=True, evidence=evidence)


@dataclass(frozen=True, slots=True)
class Dial:
    """One request to ring a callee. Durations are whole seconds; callback URLs are derived from the ids."""

    call_id: str
    attempt_id: str
    from_number: str
    to_number: str
    ring_seconds: int
    time_limit_seconds: int
    detect_machine: bool
    """Whether answering-machine detection runs."""
    detect_message_end: bool = False
    """Whether the verdict waits for the end of a machine's greeting (to leave a message)."""
    machine_detection_seconds: int = 30
    speech_threshold_ms: int | None = None
    """This and the next two tune the detection; None leaves the carrier's own default."""
    speech_end_threshold_ms: int | None = None
    silence_timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """What the carrier says of one of its calls when asked: queued, ringing, in-progress, or how it ended."""

    carrier_call_id: str
    status: str
    end: CarrierEnd | None = None
    to_number: str = ""
    from_number: str = ""
    created_at: datetime | None = None
    is_outbound: bool = True
    """Whether it was asked for over the carrier's API; a call that came in was not."""
    duration_seconds: float | None = None
    answered_by: str | None = None

    @property
    def is_live(self) -> bool:
        """Whether it still rings or talks, or waits to."""
        return self.end is None


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """A recording the carrier knows of."""

    recording_id: str
    status: str
    """in-progress, paused, stopped, processing, completed or absent."""
    duration_seconds: float | None = None
    channels: int | None = None


class Carrier(Protocol):
    """Places and steers phone calls. Every method raises CarrierError when the carrier fails or refuses."""

    async def dial(self, dial: Dial) -> str:
        """Ring the callee; the carrier call id. Raises DialRefused-, DialNotProcessed- or DialAmbiguousError."""
        ...

    async def ask(self, carrier_call_id: str) -> CarrierCall | None:
        """What the carrier says of a call; None when it does not know it."""
        ...

    async def find(self, *, from_number: str, to_number: str, not_before: datetime) -> list[CarrierCall]:
        """Outbound carrier calls between these numbers, created at or after a time, newest first."""
        ...

    async def live(self) -> list[CarrierCall]:
        """The account's calls that wait, ring or talk, without the legs of transfers; other systems' among them."""
        ...

    async def hang_up(self, carrier_call_id: str) -> bool:
        """End a carrier call in whatever state it is; False when it was over already."""
        ...

    async def start_transfer(self, carrier_call_id: str, *, call_id: str, attempt_id: str, request_id: str) -> bool:
        """Take the callee out of the conversation and to the transfer's instructions; False when the call is over."""
        ...

    async def play_message(self, carrier_call_id: str, *, call_id: str, attempt_id: str) -> bool:
        """Have the agent's voicemail message spoken, after which the carrier hangs up; False when over."""
        ...

    async def adopt(self, carrier_call_id: str, *, call_id: str, attempt_id: str, time_limit_seconds: int) -> bool:
        """Limit a call that came in, counted from its answer, and have its end reported to us; False when over."""
        ...

    async def extend(self, carrier_call_id: str, time_limit_seconds: int) -> None:
        """Move the carrier's own limit on the call's length, counted from its answer."""
        ...

    async def stop_recording(self, carrier_call_id: str) -> bool:
        """Have what is being recorded of a call end here; False when nothing is, or when the call is over."""
        ...

    async def recordings(self, carrier_call_id: str) -> list[CarrierRecording]:
        """The recordings of a carrier call."""
        ...

    def recording_audio(self, recording_id: str) -> AsyncIterator[bytes]:
        """The recording's audio as WAV, in chunks."""
        ...

    async def delete_recording(self, recording_id: str) -> None:
        """Forget a recording; no error when it is gone already."""
        ...
