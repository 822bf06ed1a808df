"""Deciding to end a call: which of the known causes becomes its reason.

A more specific cause beats a general one: that a call never got an agent comes first, then what the conversation
itself found, a machine's verdict, a request, a limit that left no room, a timer, and last our own failure. Nothing is
decided for a call that is over, has been handed over, or is closing already. What the conversation came to while the
carrier was told to connect the callee elsewhere waits for what comes of that.
"""

from datetime import datetime

from calls import facts as f
from calls.facts import Closing, EvidenceValue, MachineAction, Timer
from calls.lifecycle import bridged, is_over, open_transfer, phase, was_answered
from calls.model import Call
from calls.reasons import REASONS, FinishReason
from calls.words import Party

_BY_ACTION = {
    MachineAction.HANG_UP: FinishReason.ANSWERING_MACHINE_DETECTED,
    MachineAction.LEAVE_MESSAGE: FinishReason.VOICEMAIL_DETECTED,
}
_BY_TIMER = {
    Timer.REGISTERED: FinishReason.REGISTERED_CALL_TIMED_OUT,
    Timer.RING: FinishReason.NO_ANSWER,
    Timer.MEDIA_UP: FinishReason.USER_CONNECTION_FAILURE,
    Timer.MAXIMUM_DURATION: FinishReason.MAXIMUM_DURATION_EXCEEDED,
}

_Cause = tuple[FinishReason, Party, dict[str, EvidenceValue]]


def decide(call: Call, at: datetime) -> Closing | None:
    """The closing that the known facts call for; None when they call for none."""
    if call.knows(Closing) or is_over(call) or bridged(call):
        return None
    for cause_of in (_turned_away, _conversation, _machine, _request, _no_room, _timer, _failure):
        if cause := cause_of(call):
            reason, by, evidence = cause
            return Closing(at=at, reason=reason, by=by, phase=phase(call), evidence=evidence)
    return None


def _turned_away(call: Call) -> _Cause | None:
    turned_away = call.fact(f.CallTurnedAway)
    return (turned_away.reason, turned_away.by, turned_away.evidence) if turned_away else None


def _conversation(call: Call) -> _Cause | None:
    ended = call.fact(f.ConversationEnded)
    if ended is None or _is_being_connected(call):
        return None
    return ended.reason, ended.by, ended.evidence


def _is_being_connected(call: Call) -> bool:
    """Whether the carrier has taken the callee out of the talk, to somebody else who may answer."""
    asked, goes_first = open_transfer(call), call.plan is not None and call.plan.transfers_go_first
    return goes_first and asked is not None and call.transfer(f.TransferStarted, asked.request_id) is not None


def _machine(call: Call) -> _Cause | None:
    checked = call.fact(f.MachineChecked)
    if checked is None or checked.action is MachineAction.PROCEED:
        return None
    reason = _BY_ACTION[checked.action]
    return reason, REASONS[reason].by, {}


def _request(call: Call) -> _Cause | None:
    """An answered call that is ended by request ran its course; an unanswered one failed to connect."""
    asked = call.fact(f.EndRequested)
    if asked is None:
        return None
    reason = FinishReason.AGENT_ENDED_CALL if was_answered(call) else FinishReason.CALL_FAILED
    return reason, asked.by, {"detail": "ended_by_request"}


def _no_room(call: Call) -> _Cause | None:
    refused = call.fact(f.AdmissionRefused)
    if refused is None:
        return None
    reason = FinishReason.CONCURRENT_CALL_LIMIT_REACHED
    return reason, REASONS[reason].by, {"limit": refused.limit.value, "limit_size": refused.size}


def _timer(call: Call) -> _Cause | None:
    for expired in call.all_of(f.TimerExpired):
        reason = _BY_TIMER[expired.timer]
        return reason, REASONS[reason].by, {"timer": expired.timer.value}
    return None


def _failure(call: Call) -> _Cause | None:
    if wrong := call.fact(f.WentWrong):
        return FinishReason.UNKNOWN_ERROR, Party.UNKNOWN, wrong.evidence
    if taken_up := call.fact(f.TakenUp):
        return FinishReason.UNKNOWN_ERROR, Party.UNKNOWN, {"detail": "workflow_gone", "workflow": taken_up.story}
    return None
