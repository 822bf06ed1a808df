"""Invariants 5 and 6: what strangers send changes nothing; bad requests get a clear error and leave nothing."""

import json
import re
from collections.abc import Iterable, Iterator

from bench.chaos.deeds import NO_ANSWER, Intrusion, Mischief, Post
from bench.chaos.evidence import Document, Evidence
from bench.chaos.judge.findings import Finding

_UNAVAILABLE = 503
_CONFLICT = 409


def intrusions(evidence: Evidence) -> Iterable[Intrusion]:
    return evidence.deeds.intrusions


def is_answered_as_it_deserves(_: Evidence, tried: Intrusion) -> Iterator[Finding]:
    """A forgery is refused; what is signed but means nothing is taken and dropped."""
    if tried.status not in (*tried.expected, NO_ANSWER, _UNAVAILABLE):
        yield Finding(tried.call_id, f"{tried.kind}: answered {tried.status}, not {tried.expected}")


def changed_nothing(evidence: Evidence, tried: Intrusion) -> Iterator[Finding]:
    """Neither the record nor the workflow's input bears a trace of it; what is signed may be noted beside them."""
    if not tried.marker:
        return
    call = evidence.call_by_id.get(tried.call_id)
    progress = json.dumps(call["progress"]) if call else ""
    if tried.kind == "foreign":
        if call and call["progress"]["carrier_call_id"] == tried.marker:
            yield Finding(tried.call_id, f"took over the foreign carrier call {tried.marker}")
        if '"sip_code": 599' in progress:
            yield Finding(tried.call_id, f"believed a foreign callback: {progress}")
        return
    if _bears(progress, tried.marker):
        yield Finding(tried.call_id, f"{tried.kind}: left a trace in the record: {progress}")
    if any(_bears(json.dumps(signal), tried.marker) for signal in _signals(evidence, tried)):
        yield Finding(tried.call_id, f"{tried.kind}: reached the workflow")
    if any(_bears(late.get("body_json", ""), tried.marker) for late in _late(evidence, tried)):
        yield Finding(tried.call_id, f"{tried.kind}: was noted as if it were known to be the carrier's")


def _bears(text: str, marker: str) -> bool:
    """Whether a marker stands in a text by itself, and not among the digits of a time or a digest."""
    return re.search(rf"(?<![\w.]){re.escape(marker)}(?![\w.])", text) is not None


def _signals(evidence: Evidence, tried: Intrusion) -> Iterator[Document]:
    """What the call's workflow was told, but for what a foreign callback said in the carrier's name."""
    for workflow in evidence.workflows:
        if workflow["workflow_id"] == f"call-{tried.call_id}":
            yield from (signal for signal in workflow["signals"] if not _is_foreign(evidence, tried, signal))


def _late(evidence: Evidence, tried: Intrusion) -> Iterator[Document]:
    for late in evidence.late_facts:
        if late["call_id"] == tried.call_id and not _is_foreign(evidence, tried, late):
            yield late


def _is_foreign(evidence: Evidence, tried: Intrusion, said: Document) -> bool:
    """Whether it is the trace of another intrusion, a signed one of a foreign carrier call, on the same call."""
    text = json.dumps(said)
    others = (one for one in evidence.deeds.intrusions if one.kind == "foreign" and one.call_id == tried.call_id)
    return any(one.marker in text for one in others)


def mischief(evidence: Evidence) -> Iterable[Mischief]:
    return evidence.deeds.mischief


def gets_a_clear_error(_: Evidence, bad: Mischief) -> Iterator[Finding]:
    """The expected 4xx with a detail; 503 or nothing only where something was down."""
    if bad.status in (NO_ANSWER, _UNAVAILABLE):
        return
    if bad.status != bad.expected:
        yield Finding(bad.marker, f"{bad.kind}: answered {bad.status}, not {bad.expected}: {bad.said}")
    elif "detail" not in bad.said:
        yield Finding(bad.marker, f"{bad.kind}: no detail in {bad.said!r}")


def leaves_nothing(evidence: Evidence, bad: Mischief) -> Iterator[Finding]:
    """No row, no workflow, no carrier call."""
    for call in evidence.calls:
        if bad.marker in call["call_id"] or call["to_number"] == bad.to_number:
            yield Finding(bad.marker, f"{bad.kind}: left the record {call['call_id']}")
    for workflow in evidence.workflows:
        if bad.marker in workflow["workflow_id"]:
            yield Finding(bad.marker, f"{bad.kind}: started {workflow['workflow_id']}")
    for leg in evidence.legs:
        if leg["to"] == bad.to_number:
            yield Finding(bad.marker, f"{bad.kind}: dialled {leg['sid']}")


def conflicts(evidence: Evidence) -> Iterable[Post]:
    return (post for post in evidence.deeds.posts if post.purpose == "conflict")


def is_refused_by_name(_: Evidence, post: Post) -> Iterator[Finding]:
    """The same call id for another callee is a 409 that names the field."""
    if post.status in (NO_ANSWER, _UNAVAILABLE):
        return
    if post.status != _CONFLICT or "to_number" not in post.said:
        yield Finding(post.call_id, f"another request under its id was answered {post.status}: {post.said}")


def repetitions(evidence: Evidence) -> Iterable[Post]:
    return (post for post in evidence.deeds.posts if post.purpose != "conflict" and post.record_id)


def names_the_same_call(evidence: Evidence, post: Post) -> Iterator[Finding]:
    """Every yes to one call id names one record."""
    ids = {other.record_id for other in repetitions(evidence) if other.call_id == post.call_id}
    if len(ids) > 1:
        yield Finding(post.call_id, f"was answered with {len(ids)} records: {', '.join(sorted(ids))}")
