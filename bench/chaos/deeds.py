"""What the run itself did, as it was done: requests with their answers, intrusions, faults. The judge reads it."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any

NO_ANSWER = 0
"""The status of a request whose connection broke, or that nobody answered in time."""


@dataclass(slots=True)
class Post:
    """One POST for a call, answered or not. `purpose`: call, repetition, conflict."""

    call_id: str
    purpose: str
    at: float
    status: int = NO_ANSWER
    answered_at: float = 0.0
    record_id: str = ""
    said: str = ""


@dataclass(slots=True)
class OrderGiven:
    """One order to a call (end, cancel, transfer), and whether it was taken."""

    call_id: str
    kind: str
    at: float
    status: int = NO_ANSWER
    answered_at: float = 0.0
    to_number: str = ""


@dataclass(slots=True)
class Mischief:
    """One bad request. `marker` and `to_number` are its own and may be found nowhere afterwards."""

    kind: str
    marker: str
    to_number: str
    expected: int
    at: float
    status: int = NO_ANSWER
    said: str = ""


@dataclass(slots=True)
class Intrusion:
    """One thing a stranger sent. `marker` is what would be found where it had an effect."""

    kind: str
    call_id: str
    marker: str
    expected: tuple[int, ...]
    at: float
    status: int = NO_ANSWER


@dataclass(slots=True)
class FaultDone:
    """One fault as it happened; moments are epoch seconds."""

    kind: str
    part: str
    began: float
    ended: float = 0.0


@dataclass(slots=True)
class Told:
    """One request to the customers' own server. `said` is its body; `is_taken`: it was answered with a success."""

    at: float
    path: str
    event: str
    trace_id: str
    is_signed: bool
    body_sha256: str
    said: dict[str, Any]
    is_taken: bool = False


@dataclass(slots=True)
class Deeds:
    """Everything that was done, in the order of its beginning."""

    began: float = field(default_factory=time.time)
    posts: list[Post] = field(default_factory=list)
    orders: list[OrderGiven] = field(default_factory=list)
    mischief: list[Mischief] = field(default_factory=list)
    intrusions: list[Intrusion] = field(default_factory=list)
    faults: list[FaultDone] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)
    """Parts that died by themselves, with their last words."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
