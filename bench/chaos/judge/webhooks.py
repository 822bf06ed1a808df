"""Invariant 4, the webhooks: each that is due was taken, once by its trace id, as it was first sent, in order.

What may be: the same webhook again, with the same trace id and the same body. A receiver that took it and whose answer
was lost, or a sender that died before it could note the answer, leaves nobody else to know.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

from bench.chaos.deeds import Told
from bench.chaos.evidence import Document, Evidence, called
from bench.chaos.judge.dues import was_told_of_the_answer
from bench.chaos.judge.endings import leg_of
from bench.chaos.judge.findings import Finding

STARTED, TRANSFERRED = "CallHandler.CallStarted", "CallHandler.CallTransferred"
ENDED, COMPLETED = "CallHandler.CallEnded", "callAnalysis.pcaCompleted"
ORDER = (STARTED, TRANSFERRED, ENDED, COMPLETED)
PATH = "/webhooks"


def told_calls(evidence: Evidence) -> Iterable[Document]:
    """Every call whose customer wants to be told."""
    return (call for call in evidence.calls if call["agent"]["webhook_url"])


def all_due_is_taken(evidence: Evidence, call: Document) -> Iterator[Finding]:
    """What the record says has happened, the customer's server has said yes to."""
    told = evidence.told_by_call.get(call["call_id"], ())
    taken = {one.event for one in told if one.is_taken}
    for event in due(evidence, call):
        if event not in taken:
            yield Finding(call["call_id"], f"{event} was never taken; taken were {sorted(taken)}")


def due(evidence: Evidence, call: Document) -> Iterator[str]:
    """The events that a call has had, by its record; its answer by the carrier's books too."""
    known, leg = call["progress"], leg_of(evidence, call)
    if known["answer_time"] or (leg is not None and was_told_of_the_answer(call, leg)):
        yield STARTED
    if known["finish_reason"] == "call_transferred":
        yield TRANSFERRED
    if known["finish_reason"]:
        yield ENDED
    if known["complete"]:
        yield COMPLETED


def comes_in_order(evidence: Evidence, call: Document) -> Iterator[Finding]:
    """Each event is first heard of after those before it."""
    first = list(
        dict.fromkeys(one.event for one in evidence.told_by_call.get(call["call_id"], ()) if one.event in ORDER)
    )
    if any(ORDER.index(one) > ORDER.index(other) for one, other in pairwise(first)):
        yield Finding(call["call_id"], f"its webhooks came as {first}")


def ends_as_it_is_recorded(evidence: Evidence, call: Document) -> Iterator[Finding]:
    """The reason that the customer is told with the end is the one that stays."""
    known = call["progress"]["finish_reason"]
    for event in (ENDED, COMPLETED):
        for one in evidence.told_by_call.get(call["call_id"], ()):
            told = one.said["call"]["call_finish_reason"]
            if one.event == event and told != known:
                yield Finding(call["call_id"], f"{event} told of {told}, recorded is {known}")
                break


def ends_with_the_whole_call(evidence: Evidence, call: Document) -> Iterator[Finding]:
    """The last webhook has the recording that is archived, and all that was said."""
    for one in evidence.told_by_call.get(call["call_id"], ()):
        if one.event != COMPLETED:
            continue
        known, told = call["progress"], one.said["call"]
        if bool(told["recorded_call_audio_url"]) != (known["recording"]["archive_id"] is not None):
            yield Finding(call["call_id"], f"told with the recording at {told['recorded_call_audio_url']!r}")
        said = [(message["role"], message["content"]) for message in told["messages"]]
        kept = [(message["role"], message["content"]) for message in call.get("transcript") or ()]
        if said != kept:
            yield Finding(call["call_id"], f"told with the messages {said}, its transcript is {kept}")
        return


def traces(evidence: Evidence) -> Iterable[tuple[str, list[Told]]]:
    """Everything that came, by trace id."""
    by_trace = sorted(evidence.told, key=lambda one: one.trace_id)
    return [(trace_id, list(same)) for trace_id, same in groupby(by_trace, key=lambda one: one.trace_id)]


def is_always_the_same(_: Evidence, subject: tuple[str, list[Told]]) -> Iterator[Finding]:
    """One trace id, one event, one body; header and body agree, and it is signed."""
    trace_id, same = subject
    if not trace_id or any(one.said.get("traceId") != trace_id for one in same):
        yield Finding(trace_id, "the trace id is missing, or body and header do not agree")
    if any(one.said.get("event") != one.event for one in same) or len({one.event for one in same}) > 1:
        yield Finding(
            trace_id, f"tells of {sorted({one.event for one in same})}, the body of {same[0].said.get('event')}"
        )
    if len({one.body_sha256 for one in same}) > 1:
        yield Finding(trace_id, f"came {len(same)} times with different bodies")
    if unsigned := sum(not one.is_signed for one in same):
        yield Finding(trace_id, f"came {unsigned} times without a signature that is right")


def tells_what_happened(evidence: Evidence, subject: tuple[str, list[Told]]) -> Iterator[Finding]:
    """It is about a call that is on record and whose customer asked, and that had this event; and told once."""
    trace_id, same = subject
    one, call_id = same[0], called(same[0])
    call = evidence.call_by_id.get(call_id)
    if any(other.path != PATH for other in same):
        yield Finding(trace_id, "was sent on to where the receiver only pointed")
    if call is None or not call["agent"]["webhook_url"]:
        yield Finding(trace_id, f"{one.event} of call {call_id!r}, of which nobody asked to be told")
        return
    leg = leg_of(evidence, call)
    if one.event == STARTED and (leg is None or leg["answered_at"] is None):
        yield Finding(call_id, "is said to have started, and nobody ever answered")
    if one.event == TRANSFERRED and call["progress"]["finish_reason"] != "call_transferred":
        yield Finding(call_id, f"is said to have been transferred, and ended as {call['progress']['finish_reason']}")
    names = {other.trace_id for other in evidence.told_by_call[call_id] if other.event == one.event}
    if len(names) > 1:
        yield Finding(call_id, f"{one.event} was told under {len(names)} trace ids")
