"""Whether a call can do what somebody asks of it right now."""

from calls import facts as f
from calls.lifecycle import bridged, is_over, open_transfer
from calls.model import Call


def refusal_of_transfer(call: Call, to_number: str, request_id: str = "") -> str | None:
    """Why a call cannot be transferred to a number, in words for whoever asked; None when it can."""
    if request_id and call.transfer(f.TransferRequested, request_id):
        return None  # asked before: the first asking counts, and this one is told the same
    return _refusal_by_state(call) or _refusal_by_number(call, to_number)


def _refusal_by_state(call: Call) -> str | None:
    if is_over(call) or call.knows(f.Closing) or call.knows(f.EndRequested):
        return "the call is over or ending"
    if call.plan and call.plan.transfers_go_first and call.knows(f.ConversationEnded):
        return "the conversation has ended, and the call ends with it"
    if bridged(call) or open_transfer(call):
        return "the call is being transferred already"
    if not call.knows(f.ConversationStarted):
        return "there is no conversation yet: transfer once the callee and the agent talk"
    return None


def _refusal_by_number(call: Call, to_number: str) -> str | None:
    request, plan = call.order.request, call.plan
    if to_number in (request.to_number, request.from_number):
        return f"{to_number} is a party of this call already"
    if plan and plan.transfer_allow_list is not None and to_number not in plan.transfer_allow_list:
        return f"{to_number} is not on the agent's transfer allow-list"
    return None
