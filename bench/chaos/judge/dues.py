"""What had to happen and is easily left undone: limits that the carrier is told, orders that were taken, true times.

Where a fault can explain that something was not done, the time that is allowed is longer than any outage of a plan.
"""

from collections.abc import Iterable, Iterator

from bench.chaos.deeds import NO_ANSWER, OrderGiven
from bench.chaos.evidence import Document, Evidence
from bench.chaos.judge.endings import leg_of
from bench.chaos.judge.findings import Finding

_ACCEPTED = 202
_TAKEN = range(200, 300)
_EFFECT_SECONDS = 30.0
"""How long an end may take to reach the phone: an outage, a lost hangup, and the next one."""
_VERDICT_SECONDS = 15.0
"""The same for what is done about a machine."""
_STOP_SECONDS = 3.0
"""How long a recording may go on after the bridge while nothing is broken."""
_TOLD_LATE_SECONDS = 40.0
"""How much later than the carrier we may date something: callbacks get lost, and the carrier is asked then."""
_AT_ONCE_SECONDS = 1.0
_MOST_REFUSED = 0.2
"""Of what is asked, at most so much may meet an outage."""


def dialled_legs(evidence: Evidence) -> Iterable[tuple[Document, Document]]:
    """Every carrier call that a call of ours asked for, with the call."""
    return ((call, leg) for call in evidence.calls for leg in evidence.legs_by_call.get(call["call_id"], ()))


def is_limited_by_the_carrier(_: Evidence, subject: tuple[Document, Document]) -> Iterator[Finding]:
    """With all of ours dead the carrier ends it: it was told for how long it rings, and how long it lasts."""
    call, leg = subject
    policy = call["plan"]["policy"]
    longest = policy["maximum_duration_seconds"] + policy["time_limit_margin_seconds"]
    told, due = (leg["ring_timeout_seconds"], leg["time_limit_seconds"]), (policy["ring_seconds"], longest)
    if any(abs(one - other) > _AT_ONCE_SECONDS for one, other in zip(told, due, strict=True)):
        yield Finding(call["call_id"], f"the carrier was told to ring and last {told} s, not {due}")


def ends_taken(evidence: Evidence) -> Iterable[OrderGiven]:
    """Every end or cancellation that was accepted."""
    return (one for one in evidence.deeds.orders if one.kind in ("end", "cancel") and one.status == _ACCEPTED)


def takes_effect(evidence: Evidence, order: OrderGiven) -> Iterator[Finding]:
    """The phone is down soon after."""
    for leg in evidence.legs_by_call.get(order.call_id, ()):
        lasted = (leg["ended_at"] or float("inf")) - order.answered_at
        if leg["created_at"] < order.answered_at and lasted > _EFFECT_SECONDS:
            yield Finding(order.call_id, f"its {order.kind} was accepted, and the phone stayed up for {lasted:.1f} s")


def machines(evidence: Evidence) -> Iterable[tuple[Document, Document, float]]:
    """Every call of which we were told that a machine had picked up, and when, whose agent hangs up on machines."""
    for call in evidence.calls:
        leg = leg_of(evidence, call)
        is_machine = leg is not None and str(leg["answered_by"] or "").startswith(("machine", "fax"))
        if leg is None or not is_machine or call["plan"]["voicemail"]["action"] != "hang_up":
            continue
        told = [one["at"] for one in leg["callbacks"] if one["kind"] == "amd" and one["status"] in _TAKEN]
        if told and call["progress"]["carrier_call_id"] == leg["sid"]:
            yield call, leg, min(told)


def is_hung_up_on(_: Evidence, subject: tuple[Document, Document, float]) -> Iterator[Finding]:
    """Unless the call ended first."""
    call, leg, told_at = subject
    if call["progress"]["finish_reason"] == "answering_machine_detected":
        return
    lasted = (leg["ended_at"] or float("inf")) - told_at
    if lasted > _VERDICT_SECONDS:
        reason = call["progress"]["finish_reason"]
        yield Finding(call["call_id"], f"a machine had picked up, and it talked on for {lasted:.1f} s: {reason}")


def answered_calls(evidence: Evidence) -> Iterable[tuple[Document, Document]]:
    """Every call that knows its carrier call, which was answered, and whose answer we were told of."""
    for call in evidence.calls:
        leg = leg_of(evidence, call)
        if leg is not None and was_told_of_the_answer(call, leg):
            yield call, leg


def was_told_of_the_answer(call: Document, leg: Document) -> bool:
    """Whether the carrier reported the answer, or a relay came up, before the call ended."""
    if call["progress"]["carrier_call_id"] != leg["sid"] or leg["answered_at"] is None:
        return False
    if call["progress"]["end_time"] < leg["answered_at"] + _AT_ONCE_SECONDS:
        return False
    reported = any(one["name"] == "answered" and one["status"] in _TAKEN for one in leg["callbacks"])
    return reported or any(session["opened_at"] for session in leg["relay_sessions"])


def is_dated_by_the_carrier(_: Evidence, subject: tuple[Document, Document]) -> Iterator[Finding]:
    """Answered no earlier than the carrier says, ended no later, and neither much later than that."""
    call, leg = subject
    answer, end = call["progress"]["answer_time"], call["progress"]["end_time"]
    if answer is None:
        yield Finding(call["call_id"], "was answered, and its record does not say when")
        return
    late = answer - leg["answered_at"]
    if not -_AT_ONCE_SECONDS <= late <= _TOLD_LATE_SECONDS:
        yield Finding(call["call_id"], f"its answer is dated {late:.1f} s after the carrier's")
    if leg["ended_at"] is not None and end - leg["ended_at"] > _TOLD_LATE_SECONDS:
        yield Finding(call["call_id"], f"its end is dated {end - leg['ended_at']:.1f} s after the carrier's")


def bridged_calls(evidence: Evidence) -> Iterable[tuple[Document, Document, float]]:
    """Every call whose callee was put through, and when."""
    for call in evidence.calls:
        leg = leg_of(evidence, call)
        at = [one["bridged_at"] for one in leg["transfers"] if one["bridged_at"]] if leg else []
        if leg is not None and at and call["progress"]["finish_reason"] == "call_transferred":
            yield call, leg, min(at)


def is_recorded_to_the_bridge(evidence: Evidence, subject: tuple[Document, Document, float]) -> Iterator[Finding]:
    """What callee and target say to each other is not kept, unless the carrier would not stop."""
    call, leg, bridged_at = subject
    refused = evidence.faults_during(("stop-",), bridged_at, bridged_at + _STOP_SECONDS)
    if refused or not call["plan"].get("records_to_the_bridge"):
        return
    disturbed = evidence.faults_during(("",), bridged_at, bridged_at + _STOP_SECONDS)
    for until in leg["recorded_until"].values():
        if until - bridged_at > (_VERDICT_SECONDS if disturbed else _STOP_SECONDS):
            yield Finding(call["call_id"], f"was recorded for {until - bridged_at:.1f} s of the transferred talk")


def askings(evidence: Evidence) -> Iterable[tuple[str, list[int]]]:
    """What was asked of us, by kind, and how it was answered."""
    deeds = evidence.deeds
    kinds = {
        "requests for calls": [one.status for one in deeds.posts],
        "orders": [one.status for one in deeds.orders],
        "bad requests": [one.status for one in deeds.mischief],
        "intrusions": [one.status for one in deeds.intrusions],
    }
    return [(kind, answers) for kind, answers in kinds.items() if answers]


def is_answered_for_the_most_part(_: Evidence, subject: tuple[str, list[int]]) -> Iterator[Finding]:
    """A gateway that is always unavailable does nothing wrong, and nothing right."""
    kind, answers = subject
    unanswered = sum(status == NO_ANSWER or status >= 500 for status in answers)  # noqa: PLR2004 - HTTP's server errors
    if unanswered > max(1, _MOST_REFUSED * len(answers)):
        yield Finding(kind, f"{unanswered} of {len(answers)} were not answered, or by a 5xx")
