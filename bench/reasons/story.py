"""What one story of the table is, and the stack that all of them are told on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calls.reasons import FinishReason

SETTINGS: Mapping[str, str] = {
    "RINGBACK_POLICY__REGISTERED_SECONDS": "12",
    "RINGBACK_POLICY__MEDIA_UP_SECONDS": "8",
    "RINGBACK_POLICY__RECONCILE_SECONDS": "4",
    "RINGBACK_POLICY__MAXIMUM_DURATION_SECONDS": "20",
    "RINGBACK_POLICY__WRAP_UP_NOTICE_SECONDS": "3",
    "RINGBACK_POLICY__HANGUP_CONFIRMATION_SECONDS": "2",
    "RINGBACK_POLICY__RECORDING_SECONDS": "20",
}
"""The timers as short as the stories allow; none of them is what a story waits for by accident."""
SPEED = 12.0

API, TWIML, CALLEE, CARRIER, TIMEOUT, NOBODY = "api", "twiml", "callee", "carrier", "timeout", "nobody"
"""Who hangs up, in the ledger's words; `nobody`: the carrier never had a call."""
OURS = (API, TWIML)
"""Both are our hangup: by request, or, where that takes seconds, by the document after the relay that we end."""

SILENT: Mapping[str, Any] = {"lines": []}
"""Somebody who answers and says nothing."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """One call. `server` names a misbehaving agent server; without it the example agent talks."""

    name: str
    """Also the name of the number's script, if it has one."""
    reason: FinishReason
    to_number: str
    ended_by: tuple[str, ...]
    """Who may have hung up; of two of ours the quicker one."""
    evidence: tuple[str, ...]
    """What the record must keep of it."""
    server: str | None = None
    agent: Mapping[str, Any] = field(default_factory=dict)
    script: Mapping[str, Any] = field(default_factory=dict)
    """What the callee's number does; empty: what it does anyway."""
    inbound_webhook: str | None = None
    """The customer's webhook: then somebody calls in at `to_number`, which has nothing but this webhook."""


def number(last: int) -> str:
    """The callee with these last three digits."""
    return f"+14155550{last:03d}"
