"""Invariants 1 and 2: at most one ring for each call, and no carrier call that nobody owns or that will not end."""

import math
from collections.abc import Iterable, Iterator

from bench.chaos.evidence import OURS, Document, Evidence, owner_of
from bench.chaos.judge.findings import Finding

_TAKEN = (200, 201)
_ERRORS, _UNDECIDED = 400, 504
_CARRIER_SLACK_SECONDS = 3.0
_TRANSFER_RINGS_SECONDS = 60.0


def at_most_one_ring(_: Evidence, subject: tuple[str, list[Document]]) -> Iterator[Finding]:
    """One call has at most one accepted carrier call."""
    call_id, legs = subject
    if len(legs) > 1:
        rings = sum(leg["rings"] for leg in legs)
        sids = ", ".join(leg["sid"] for leg in legs)
        yield Finding(call_id, f"{len(legs)} carrier calls were accepted ({rings} rings): {sids}")


def asked_calls(evidence: Evidence) -> Iterable[tuple[str, list[Document]]]:
    """Every call that anybody asked for, with its carrier calls."""
    asked = {post.call_id for post in evidence.deeds.posts} | set(evidence.legs_by_call)
    return ((call_id, evidence.legs_by_call.get(call_id, [])) for call_id in sorted(asked))


def refused_for_good(evidence: Evidence) -> Iterable[str]:
    """Calls of which every request was answered, and each with a no; 504 says that nobody can tell."""
    answers: dict[str, list[int]] = {}
    for post in evidence.deeds.posts:
        if post.purpose != "conflict":
            answers.setdefault(post.call_id, []).append(post.status)
    return sorted(
        call_id
        for call_id, all_of in answers.items()
        if all(status >= _ERRORS and status != _UNDECIDED for status in all_of)
    )


def no_ring_after_a_refusal(evidence: Evidence, call_id: str) -> Iterator[Finding]:
    """A 5xx to a dial says: not dialled, and it never will be."""
    if legs := evidence.legs_by_call.get(call_id):
        yield Finding(call_id, f"every request for it was refused, and {len(legs)} carrier call was accepted")


def every_leg(evidence: Evidence) -> Iterable[Document]:
    return evidence.legs


def is_over(_: Evidence, leg: Document) -> Iterator[Finding]:
    """No carrier call is live when everything has settled."""
    if leg["ended_at"] is None:
        yield Finding(leg["sid"], f"still {leg['status']} (call {owner_of(leg) or '?'}, to {leg['to']})")


def ended_in_time(evidence: Evidence, leg: Document) -> Iterator[Finding]:
    """No carrier call outlives its maximum duration by more than the carrier's own margin."""
    if leg["answered_at"] is None or leg["ended_at"] is None:
        return
    policy = evidence.policy
    limit = policy["maximum_duration_seconds"] + policy["time_limit_margin_seconds"]
    if leg["transfers"] or leg["parent_sid"]:
        limit += policy["transferred_maximum_seconds"] + _TRANSFER_RINGS_SECONDS
    lasted = leg["ended_at"] - leg["answered_at"]
    if lasted > limit + _CARRIER_SLACK_SECONDS:
        yield Finding(leg["sid"], f"lasted {lasted:.1f} s, more than the {limit:.0f} s that the carrier was told")


def is_owned(evidence: Evidence, leg: Document) -> Iterator[Finding]:
    """Every carrier call belongs to a call that knows it; one that came too late was noted and never got to talk."""
    if leg["direction"] != OURS:
        if not any(leg["parent_sid"] == other["sid"] for other in evidence.legs):
            yield Finding(leg["sid"], "a transfer's leg without its call")
        return
    call = evidence.call_by_id.get(owner_of(leg))
    if call is None:
        yield Finding(leg["sid"], f"no record for its call {owner_of(leg) or '?'}")
    elif call["progress"]["carrier_call_id"] != leg["sid"] and not _turned_away(evidence, leg):
        known = call["progress"]["carrier_call_id"]
        yield Finding(leg["sid"], f"call {call['call_id']} knows {known or 'no carrier call'}, and this one went on")


def outlives_no_workflow(evidence: Evidence, leg: Document) -> Iterator[Finding]:
    """As long as a carrier call lives, a workflow of its call runs, to answer for it."""
    if leg["direction"] != OURS:
        return
    call = evidence.call_by_id.get(owner_of(leg))
    is_known = call is not None and call["progress"]["carrier_call_id"] == leg["sid"]
    if not is_known and _turned_away(evidence, leg):
        return
    name = f"call-{owner_of(leg)}"
    runs = [workflow for workflow in evidence.workflows if workflow["workflow_id"] == name]
    alone = _alone(leg, sorted(runs, key=lambda run: float(run["began_at"])), is_known=is_known)
    if alone > _CARRIER_SLACK_SECONDS:
        yield Finding(leg["sid"], f"lived {alone:.1f} s without {name}")


def _alone(leg: Document, runs: list[Document], *, is_known: bool) -> float:
    """The longest time of a carrier call in which no run of its call's workflow was there for it, from the first on.

    One that its call did not know may have been without any, until the sweep gave it one.
    """
    end = leg["ended_at"] or math.inf
    cover, longest = 0.0, 0.0
    for number, run in enumerate(runs):
        if number and is_known:
            longest = max(longest, min(run["began_at"], end) - max(cover, leg["created_at"]))
        cover = max(cover, run["closed_at"] or math.inf)
    return max(longest, end - cover if cover < end else 0.0)


def _turned_away(evidence: Evidence, leg: Document) -> bool:
    """Whether a carrier call that came to light too late was hung up at the answer at the latest, and noted."""
    talked = leg["spoken"] or any(session["opened_at"] for session in leg["relay_sessions"])
    noted = any(late["call_id"] == owner_of(leg) for late in evidence.late_facts)
    unheard = all(sent["attempts"] == 0 for sent in leg["callbacks"])  # the carrier told nobody of it
    return not talked and (noted or unheard)
