"""Invariant 3: every registered call ends, with exactly one reason, with evidence, and it is the true one."""

import json
from collections.abc import Iterable, Iterator

from bench.chaos.evidence import Document, Evidence
from bench.chaos.judge.findings import Finding
from bench.chaos.judge.truth import TRUTH, Case

_TAKEN = (200, 201)
_MAY_STAY_UNREGISTERED = ("too_late", "withdrawn", "existed", "conflict", "unknown_agent", "number_not_bound")


def taken_calls(evidence: Evidence) -> Iterable[tuple[str, str]]:
    """Every call whose customer was told that it is placed, with the record's id they were given."""
    return sorted(
        {(post.call_id, post.record_id) for post in evidence.deeds.posts if post.status in _TAKEN and post.record_id}
    )


def is_kept(evidence: Evidence, subject: tuple[str, str]) -> Iterator[Finding]:
    """What was taken is there, under the id that was given."""
    call_id, record_id = subject
    call = evidence.call_by_id.get(call_id)
    if call is None:
        yield Finding(call_id, "was taken, and there is no record of it")
    elif call["_id"] != record_id:
        yield Finding(call_id, f"was taken as {record_id}, and its record is {call['_id']}")


def every_call(evidence: Evidence) -> Iterable[Document]:
    return evidence.calls


def has_ended(_: Evidence, call: Document) -> Iterator[Finding]:
    """Ended or failed, with one reason, a phase, somebody's doing and evidence; nothing is open."""
    known, call_id = call["progress"], call["call_id"]
    reason = known["finish_reason"]
    if reason not in TRUTH:
        yield Finding(call_id, f"has no finish reason: {known['status']}, {reason!r}")
        return
    if known["status"] != TRUTH[reason][0]:
        yield Finding(call_id, f"is {known['status']!r} although its reason is {reason}")
    if not known["complete"]:
        yield Finding(call_id, f"its record was never completed ({reason})")
    lacking = [name for name in ("by", "phase", "evidence", "end_time") if not known[name]]
    if lacking:
        yield Finding(call_id, f"{reason} without {', '.join(lacking)}")


def reason_is_true(evidence: Evidence, call: Document) -> Iterator[Finding]:
    """The ledger bears the reason out."""
    known = call["progress"]
    reason = known["finish_reason"]
    if reason not in TRUTH:
        return
    case = Case(evidence, call, leg_of(evidence, call))
    if not TRUTH[reason][1](case):
        yield Finding(call["call_id"], f"{reason} ({json.dumps(known['evidence'])}), but the ledger says: {told(case)}")


def leg_of(evidence: Evidence, call: Document) -> Document | None:
    """The carrier call of a call: the one its record names, else the one that names it."""
    mine = evidence.legs_by_call.get(call["call_id"], [])
    named = [leg for leg in mine if leg["sid"] == call["progress"]["carrier_call_id"]]
    return next(iter(named or mine), None)


def told(case: Case) -> str:
    """A carrier call in a line."""
    leg = case.leg
    if leg is None:
        return "no carrier call"
    ended = case.ended_at
    since = {
        name: round(leg[f"{name}_at"] - ended, 2) for name in ("ringing", "answered", "ended") if leg[f"{name}_at"]
    }
    sessions = [one["ended_as"] or "open" for one in leg["relay_sessions"]]
    return (
        f"{leg['story']}: {leg['status']} {leg['sip_code']} by {leg['hung_up_by']}, seconds from the record's end"
        f" {since}, relay {sessions}, verdict {leg['answered_by']}, {len(leg['spoken'])} utterances,"
        f" transfers {[(one['status'], one['bridged']) for one in leg['transfers']]}"
    )


def every_workflow(evidence: Evidence) -> Iterable[Document]:
    return evidence.workflows


def has_completed(evidence: Evidence, workflow: Document) -> Iterator[Finding]:
    """No workflow runs, failed, was terminated or timed out, or could not go on; its result is the record's."""
    name = workflow["workflow_id"]
    if workflow["status"] != "COMPLETED":
        yield Finding(name, f"the workflow is {workflow['status']}")
        return
    if wedged := [failed for failed in workflow["failed_tasks"] if "ondetermin" in failed]:
        yield Finding(name, f"could not go on for a while: {wedged[0]}")
    result = workflow["result"]
    if not isinstance(result, dict) or "registration" not in result:
        return  # not a call's own workflow
    if result["registration"] in _MAY_STAY_UNREGISTERED:
        return
    call = evidence.call_by_id.get(result["call_id"])
    if call is None:
        yield Finding(name, f"says {result['registration']}, and there is no record")
    elif call["progress"]["finish_reason"] != result["finish_reason"]:
        yield Finding(name, f"ended as {result['finish_reason']}, its record as {call['progress']['finish_reason']}")
