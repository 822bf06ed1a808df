"""The ledger: what really happened on every call, whatever the callbacks said."""

import json
import logging
import time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

log = logging.getLogger(__name__)


class Spoken(BaseModel):
    """Words that reached the other side. ``interrupted``: the speaker had meant to say more."""

    role: Literal["agent", "user"]
    text: str
    at: float
    interrupted: bool = False


class CallbackSent(BaseModel):
    """One callback, all its attempts included; ``status`` 0: no answer came, ``attempts`` 0: a fault dropped it."""

    kind: str
    name: str
    url: str
    sequence: int | None = None
    at: float
    attempts: int
    status: int
    error: str = ""


class Fetched(BaseModel):
    """One request for instructions (TwiML), with what it was answered."""

    url: str
    at: float
    status: int
    error: str = ""


class RelaySessionRecord(BaseModel):
    """One websocket of a relay."""

    session_id: str
    url: str
    opened_at: float | None = None
    closed_at: float | None = None
    close_code: int | None = None
    ended_as: str = ""
    frames_sent: int = 0
    frames_received: int = 0
    invalid_frames: int = 0


class TransferLeg(BaseModel):
    """One leg that the call's instructions dialled."""

    sid: str
    to: str
    status: str
    bridged: bool
    seconds: int
    bridged_at: float | None = None


class LedgerCall(BaseModel):
    """One call as it really was. Moments are epoch seconds."""

    sid: str
    parent_sid: str | None = None
    to: str
    from_: str
    direction: str
    story: str
    created_at: float
    queued_at: float | None = None
    initiated_at: float | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    queue_milliseconds: int = 0
    ring_timeout_seconds: float = 0
    time_limit_seconds: float = 0
    """Both as the call was asked for; a later change of the limit is not entered."""
    status: str = "queued"
    sip_code: int | None = None
    hung_up_by: str | None = None
    answered_by: str | None = None
    rings: int = 0
    billed_seconds: int = 0
    spoken: list[Spoken] = []
    unheard: list[str] = []
    digits: list[str] = []
    callbacks: list[CallbackSent] = []
    fetches: list[Fetched] = []
    relay_sessions: list[RelaySessionRecord] = []
    recordings: list[str] = []
    recorded_until: dict[str, float] = {}
    """When each recording ended, by its id."""
    transfers: list[TransferLeg] = []

    def as_json(self) -> dict[str, Any]:
        """Give the record with ``from`` under its own name."""
        fields = self.model_dump(mode="json")
        fields["from"] = fields.pop("from_")
        return fields


class Ledger:
    """All calls of this process in order, and the file that gets each event as it happens."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.calls: dict[str, LedgerCall] = {}

    def open(self, call: LedgerCall) -> None:
        """Enter a new call."""
        self.calls[call.sid] = call
        self.note(call.sid, "created", to=call.to, from_=call.from_, direction=call.direction)

    def note(self, sid: str, event: str, **details: Any) -> None:
        """Append one event to the file, if there is one."""
        log.info("%s %s %s", sid, event, details or "")
        if self._path is None:
            return
        line = json.dumps({"at": time.time(), "sid": sid, "event": event, **details}, default=str)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def search(self, to: str | None, from_: str | None) -> list[LedgerCall]:
        """Give the calls, oldest first, that match both numbers where given."""
        return [
            call
            for call in self.calls.values()
            if (to is None or call.to == to) and (from_ is None or call.from_ == from_)
        ]

    def clear(self) -> None:
        """Forget every call."""
        self.calls.clear()
