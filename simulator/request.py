"""What one call was asked to be: the parameters of a create, or of a dialled leg."""

from dataclasses import dataclass
from enum import StrEnum, unique

DEFAULT_RING_SECONDS = 60.0
DEFAULT_TIME_LIMIT = 14400.0


@unique
class Direction(StrEnum):
    """Who asked for the call."""

    API = "outbound-api"
    DIAL = "outbound-dial"
    INBOUND = "inbound"


@dataclass(frozen=True)
class Callback:
    """Where to report, and which events."""

    url: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)


@dataclass(frozen=True)
class Detection:
    """Machine detection as asked for. Seconds are real seconds, as Timeout is."""

    until_message_end: bool = False
    asynchronous: bool = False
    callback: Callback = Callback()
    timeout_seconds: float = 30.0


@dataclass(frozen=True)
class RecordingWish:
    """``Record=true`` on create."""

    channels: int = 1
    track: str = "both"
    callback: Callback = Callback()


@dataclass(frozen=True, kw_only=True)
class CallRequest:
    """Everything known about a call before it is placed. Time-outs are real seconds."""

    to: str
    from_: str
    direction: Direction = Direction.API
    url: str = ""
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    twiml: str = ""
    status: Callback = Callback()
    timeout_seconds: float = DEFAULT_RING_SECONDS
    time_limit_seconds: float = DEFAULT_TIME_LIMIT
    detection: Detection | None = None
    recording: RecordingWish | None = None
    send_digits: str = ""
    parent_sid: str | None = None

    @property
    def person(self) -> str:
        """Give the number at the far end: whose story is told, and whom faults select."""
        return self.from_ if self.direction is Direction.INBOUND else self.to
