"""How facts become a call: `record` adds one, `state` and `ending` read the sum.

Rules of this file
1. A fact once known stays; the first of its key wins; order and repetition do not matter.
2. Nothing is stepped through: state is the furthest point the facts prove, so a lost callback costs nothing.
3. `Closing` is recorded only while nothing has ended the call, and before we hang up. Therefore, where it is
   known, it is the reason, whatever the hangup makes the carrier say afterwards. Exceptions are an end that had come
   before somebody asked for it and was told later, and an answer that was quicker than the hangup of a ringing call.
4. Nothing here knows the engine, the carrier's brand or the clock.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum

from calls import facts as f
from calls.dispositions import disposition
from calls.facts import EvidenceValue, Fact
from calls.model import Call
from calls.reasons import REASONS, FinishReason
from calls.words import CallStatus, Party, Phase

_REQUEST_TERMINATED = 487
"""RFC 3261 §21.4.25: the caller gave up."""


class State(IntEnum):
    """How far a call has come; later is further."""

    NEW = 0
    REGISTERED = 1
    DIALLING = 2
    RINGING = 3
    ANSWERED = 4
    CONVERSATION = 5
    TRANSFERRED = 6
    OVER = 7


def record(call: Call, fact: Fact) -> Call:
    """The call, with one more fact known; the same call if it was known already or is about another carrier call."""
    if fact.key in call.facts or _is_foreign(call, fact):
        return call
    return replace(call, facts={**call.facts, fact.key: fact})


def _is_foreign(call: Call, fact: Fact) -> bool:
    """Whether a carrier's fact is about a carrier call that is not this call's."""
    known = call.carrier_call_id
    return isinstance(fact, f.CarrierFact) and known is not None and fact.carrier_call_id != known


def state(call: Call) -> State:
    """The furthest point that the facts prove."""
    if is_over(call):
        return State.OVER
    proofs: tuple[tuple[State, bool], ...] = (
        (State.TRANSFERRED, bridged(call) is not None),
        (State.CONVERSATION, call.knows(f.ConversationStarted)),
        (State.ANSWERED, was_answered(call)),
        (State.RINGING, call.knows(f.CallRinging) or call.knows(f.CallReceived)),
        (State.DIALLING, call.knows(f.DialAttempted) or call.carrier_call_id is not None),
        (State.REGISTERED, call.knows(f.Registered)),
    )
    return next((reached for reached, proven in proofs if proven), State.NEW)


def was_answered(call: Call) -> bool:
    """Whether the callee's phone was picked up: told so, or proven by what only an answer makes possible."""
    completed = call.fact(f.CallCompleted)
    talked = completed is not None and (
        completed.carrier_status is f.CarrierEnd.COMPLETED and bool(completed.duration_seconds)
    )
    proofs = (f.CallAnswered, f.ConversationStarted, f.ConversationEnded, f.MachineVerdict)
    return talked or any(call.knows(kind) for kind in proofs)


def is_under_way(call: Call) -> bool:
    """Whether the carrier has reported any progress, a placing, a ring, an answer or an end."""
    told = (f.CallInitiated, f.CallRinging, f.CallCompleted)
    return was_answered(call) or any(call.knows(kind) for kind in told)


def is_over(call: Call) -> bool:
    """Whether no carrier call of this call is left: it ended, was never accepted, or was never asked for."""
    if any(call.knows(kind) for kind in (f.CallCompleted, f.DialRefused, f.DialGivenUp, f.DialLost)):
        return True
    return call.knows(f.Closing) and not call.knows(f.DialAttempted) and call.carrier_call_id is None


def bridged(call: Call) -> f.TransferBridged | None:
    """The transfer that succeeded, if one did."""
    return next(iter(call.all_of(f.TransferBridged)), None)


def open_transfer(call: Call) -> f.TransferRequested | None:
    """The transfer that was asked for and has neither succeeded nor failed yet."""
    for asked in call.all_of(f.TransferRequested):
        if not any(call.transfer(kind, asked.request_id) for kind in (f.TransferBridged, f.TransferFailed)):
            return asked
    return None


def phase(call: Call) -> Phase:
    """The part of its life a call is in, or was in when it ended."""
    if open_transfer(call) or bridged(call):
        return Phase.TRANSFER
    by_state = {State.CONVERSATION: Phase.CONVERSATION, State.ANSWERED: Phase.ANSWERED, State.RINGING: Phase.RINGING}
    reached = _state_before_the_end(call)
    return by_state.get(reached, Phase.DIALLING if reached is State.DIALLING else Phase.REGISTERED)


def _state_before_the_end(call: Call) -> State:
    if call.knows(f.ConversationStarted):
        return State.CONVERSATION
    if was_answered(call):
        return State.ANSWERED
    if call.knows(f.CallRinging) or call.knows(f.CallReceived):
        return State.RINGING
    return State.DIALLING if call.knows(f.DialAttempted) else State.REGISTERED


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a call ended, by whose doing, in which part of its life, and what was seen."""

    reason: FinishReason
    by: Party
    phase: Phase
    evidence: dict[str, EvidenceValue] = field(default_factory=dict)

    @property
    def status(self) -> CallStatus:
        """`ended` or `error`, as the reason's row says."""
        return REASONS[self.reason].status


def ending(call: Call) -> Ending | None:
    """Why the call ended; None while it has not."""
    if closing := call.fact(f.Closing):
        return _ended_by_us(call, closing)
    if transferred := bridged(call):
        asked = call.transfer(f.TransferRequested, transferred.request_id)
        by = asked.by if asked else Party.AGENT
        return Ending(FinishReason.CALL_TRANSFERRED, by, Phase.TRANSFER, _seen(call))
    if refused := call.fact(f.DialRefused):
        by = refused.by or REASONS[refused.reason].by
        return Ending(refused.reason, by, Phase.DIALLING, {**_seen(call), **refused.evidence})
    lost, completed = call.fact(f.DialLost), call.fact(f.CallCompleted)
    # What is told afterwards of a lost dial's carrier call is our hangup's doing.
    if completed and not (lost and call.plan and call.plan.lost_dials_stay_lost):
        return _ended_by_conversation(call, completed) or _ended_by_carrier(call, completed)
    if lost:
        reason = FinishReason.TWILIO_SERVICE_ERROR
        return Ending(reason, REASONS[reason].by, Phase.DIALLING, {**_seen(call), **lost.evidence})
    return None


def _ended_by_us(call: Call, closing: f.Closing) -> Ending:
    """What we decided; for a request it may come to light later that the call was over before, or was answered."""
    seen = {**_seen(call), **closing.evidence}
    by_request = closing.evidence.get("detail") == "ended_by_request"
    if by_request and (completed := call.fact(f.CallCompleted)) and _was_over_before_it_was_asked(call, completed):
        return _ended_by_conversation(call, completed) or _ended_by_carrier(call, completed)
    if by_request and closing.reason is FinishReason.CALL_FAILED and was_answered(call):
        return Ending(FinishReason.AGENT_ENDED_CALL, closing.by, phase(call), seen)
    return Ending(closing.reason, closing.by, closing.phase, seen)


def _was_over_before_it_was_asked(call: Call, completed: f.CallCompleted) -> bool:
    """Whether the carrier's last word was on its way before anybody asked for the end, or tells of no hangup."""
    asked = call.fact(f.EndRequested)
    if asked is not None and completed.at < asked.at:
        return True
    return not was_answered(call) and _is_no_hangups_doing(completed)


def _is_no_hangups_doing(completed: f.CallCompleted) -> bool:
    """Whether the carrier says of an unanswered call what hanging up never makes it say."""
    failed = completed.carrier_status is f.CarrierEnd.FAILED and completed.sip_code != _REQUEST_TERMINATED
    return completed.carrier_status is f.CarrierEnd.BUSY or failed


def _ended_by_conversation(call: Call, completed: f.CallCompleted) -> Ending | None:
    """The end that the talk itself came to before the carrier's call was over.

    Whoever answers for the talk may hang up as soon as it is told, and both can be learnt at once: then nobody had
    the time to decide anything, and the hangup is ours all the same.
    """
    ended = call.fact(f.ConversationEnded)
    if ended is None or ended.at > completed.at:
        return None
    return Ending(ended.reason, ended.by, phase(call), {**_seen(call), **ended.evidence})


def _ended_by_carrier(call: Call, completed: f.CallCompleted) -> Ending:
    if _reached_the_carriers_limit(call, completed):
        reason = FinishReason.MAXIMUM_DURATION_EXCEEDED
        return Ending(reason, REASONS[reason].by, phase(call), {**_seen(call), "timer": "the carrier's time limit"})
    reason, detail = disposition(
        completed.carrier_status,
        completed.sip_code,
        answered=was_answered(call),
        declined_means=call.plan.declined_means if call.plan else FinishReason.CALL_FAILED,
    )
    if reason is FinishReason.USER_ENDED_CALL and completed.conversation_lost:
        reason, detail = FinishReason.RETELL_SERVICE_ERROR, "no_gateway_answered"
    seen = {**_seen(call), **({"detail": detail} if detail else {})}
    return Ending(reason, REASONS[reason].by, phase(call), seen)


def _reached_the_carriers_limit(call: Call, completed: f.CallCompleted) -> bool:
    """Whether the carrier ended the call itself, at the limit that it was told in case nobody of ours is there."""
    limit = call.plan.policy.carrier_time_limit_seconds if call.plan else None
    return limit is not None and (completed.duration_seconds or 0) >= limit


def _seen(call: Call) -> dict[str, EvidenceValue]:
    """What the facts themselves testify, for the record."""
    seen: dict[str, EvidenceValue] = {}
    if completed := call.fact(f.CallCompleted):
        seen |= {
            "carrier_status": completed.carrier_status.value,
            "sip_code": completed.sip_code,
            "carrier_error_code": completed.carrier_error_code,
            "asked_carrier": completed.asked or None,
            "answered_by": completed.answered_by,
        }
    if checked := call.fact(f.MachineChecked):
        seen |= {"answered_by": checked.answered_by, "machine_action": checked.action.value, "machine_why": checked.why}
    if verdict := call.fact(f.MachineVerdict):
        seen |= {"answered_by": verdict.answered_by, "machine_detection_ms": verdict.detection_ms}
    if started := call.fact(f.ConversationStarted):
        seen["relay_session_id"] = started.relay_session_id
    if asked := call.fact(f.EndRequested):
        seen |= {
            "end_request_id": asked.request_id,
            "end_requested_by": asked.by.value,
            "end_requested_via": asked.via,
            "end_note": asked.note or None,
        }
    if transfer := next(reversed(call.all_of(f.TransferRequested)), None):
        seen |= {"transfer_request_id": transfer.request_id, "transfer_asked_by": transfer.by.value}
    taken_up = call.fact(f.TakenUp)
    kept = taken_up.evidence if taken_up else {}
    return {**kept, **{name: value for name, value in seen.items() if value is not None}}
