"""Everything the judge may look at, as plain values: ledger, records, histories, and what the run itself did."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from bench.chaos.deeds import Deeds, Told

Document = dict[str, Any]
OURS = "outbound-api"
"""The direction of a carrier call that somebody asked the API for; a transfer's second leg is `outbound-dial`."""


@dataclass
class Evidence:
    """One run. Moments are epoch seconds everywhere; documents are as their owners keep them."""

    policy: dict[str, float]
    deeds: Deeds
    legs: list[Document] = field(default_factory=list)
    """The ledger, oldest first."""
    calls: list[Document] = field(default_factory=list)
    """The records, by `call_id`."""
    messages: dict[str, list[Document]] = field(default_factory=dict)
    """The stored utterances of each call, by sequence number."""
    late_facts: list[Document] = field(default_factory=list)
    archive: dict[str, Document] = field(default_factory=dict)
    """By archive id: `bytes` and `sha256` of what is stored, and `noted` for what the archive says of it."""
    carrier_audio: dict[str, Document] = field(default_factory=dict)
    """By recording SID: `status`, and `bytes` and `sha256` of the audio where there is some."""
    workflows: list[Document] = field(default_factory=list)
    """`workflow_id, run_id, status, began_at, closed_at, result, signals, dials, failed_tasks, text` of every run."""

    told: list[Told] = field(default_factory=list)
    """What the customers' own server was sent, in the order of its coming."""

    def as_json(self) -> Document:
        return asdict(self)

    @cached_property
    def call_by_id(self) -> dict[str, Document]:
        """The records by their call id."""
        return {call["call_id"]: call for call in self.calls}

    @cached_property
    def legs_by_call(self) -> dict[str, list[Document]]:
        """The carrier calls that the API asked for, by the call id in the addresses that the carrier was given."""
        legs: dict[str, list[Document]] = {}
        for leg in self.legs:
            if leg["direction"] == OURS:
                legs.setdefault(owner_of(leg), []).append(leg)
        return legs

    @cached_property
    def told_by_call(self) -> dict[str, list[Told]]:
        """What the customers' own server was sent, by the call id in the body; an empty one where there is none."""
        told: dict[str, list[Told]] = {}
        for one in self.told:
            told.setdefault(called(one), []).append(one)
        return told

    def faults_during(self, kinds: tuple[str, ...], begin: float, end: float) -> bool:
        """Whether a fault whose kind begins with one of these was on, or just over, between two moments."""
        return any(
            fault.kind.startswith(kinds) and fault.began <= end and (fault.ended or end) + _AFTERMATH >= begin
            for fault in self.deeds.faults
        )


_AFTERMATH = 10.0
"""Seconds for which a fault can be felt after its end: back-offs, heart-beats that are missed, resumes."""


def owner_of(leg: Document) -> str:
    """The call id in a carrier call's addresses; empty when it has none."""
    for sent in (*leg["callbacks"], *leg["fetches"]):
        parts = urlsplit(str(sent["url"])).path.split("/")
        if len(parts) > 3 and parts[1] == "twilio":  # noqa: PLR2004 - /twilio/<what>/<call id>/…
            return parts[3]
    return ""


def called(one: Told) -> str:
    """The call id that a webhook is about; empty when it has none."""
    call = one.said.get("call")
    return str(call.get("call_id", "")) if isinstance(call, dict) else ""
