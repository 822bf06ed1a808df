"""What the engine's Web UI shows of a call: search attributes to find it by, details to read it by."""

from collections.abc import Mapping

from temporalio import workflow
from temporalio.common import SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from calls import facts as f
from calls.facts import Fact
from calls.lifecycle import ending, state
from calls.model import Call
from calls.reasons import FinishReason
from calls.records import progress
from calls.words import CallStatus
from workflows.names import CALL_AGENT, CALL_FINISH_REASON, CALL_STATUS, CALL_TO, masked


class Inspection:
    """Shows a call in the Web UI, and changes as few search attributes as it can (each change is a billed action)."""

    def __init__(self) -> None:
        self._shown = CallStatus.REGISTERED
        self._reason: FinishReason | None = None
        self._notes: list[str] = []

    def note(self, call: Call, text: str) -> None:
        """Tell whoever watches the call something that is no fact of it."""
        self._notes = [*self._notes, f"- {text}"][-5:]
        self.show(call)

    def show(self, call: Call) -> None:
        """Rewrite the details; move the search attributes when the status moved, or the reason of the end."""
        workflow.set_current_details("\n".join([details(call), *self._notes]))
        status, final = progress(call).status, ending(call)
        reason = final.reason if final else None
        if status is self._shown and not (
            reason is not self._reason and workflow.patched("the-reason-that-is-shown-is-the-last-one")
        ):
            return
        self._shown, self._reason = status, reason
        updates: list[SearchAttributeUpdate[str]] = [CALL_STATUS.value_set(status.value)]
        if final:
            updates.append(CALL_FINISH_REASON.value_set(final.reason.value))
        if call.plan and status is not CallStatus.REGISTERED:
            updates.append(CALL_AGENT.value_set(call.plan.agent_name))
        workflow.upsert_search_attributes(updates)


def search_attributes_at_start(to_number: str) -> TypedSearchAttributes:
    """What a call can be found by from its first moment on."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(CALL_STATUS, CallStatus.REGISTERED.value),
            SearchAttributePair(CALL_TO, masked(to_number)),
        ]
    )


def details(call: Call) -> str:
    """The call as Markdown: where it stands, and what happened when."""
    request, final = call.order.request, ending(call)
    rows = [
        ("State", state(call).name.lower()),
        ("Agent", call.plan.agent_name if call.plan else "-"),
        ("From → to", f"{masked(request.from_number)} → {masked(request.to_number)}"),
        ("Carrier call", f"`{call.carrier_call_id}`" if call.carrier_call_id else "-"),
    ]
    if waits_for := _waits_for(call):
        rows.append(("Waiting", waits_for))
    if final:
        rows.append(("Finish reason", f"**{final.reason}** ({final.status}, by {final.by}, while {final.phase})"))
        rows += [(name, str(value)) for name, value in final.evidence.items()]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"| | |\n|---|---|\n{table}\n\n{_happenings(call.facts)}"


def _waits_for(call: Call) -> str | None:
    """What a call in the queue waits for."""
    awaited = call.fact(f.AdmissionAwaited)
    if awaited is None or call.knows(f.Admitted) or ending(call):
        return None
    return f"for a free slot: the {awaited.limit} has its {awaited.size} simultaneous {_calls(awaited.size)}"


def _calls(number: int) -> str:
    return "call" if number == 1 else "calls"


def _happenings(facts: Mapping[str, Fact]) -> str:
    told = sorted(facts.values(), key=lambda fact: fact.at)[-15:]
    return "\n".join(f"- `{fact.at:%H:%M:%S}` {_sentence(fact)}" for fact in told)


def _sentence(fact: Fact) -> str:
    said = fact.kind.replace("_", " ")
    return f"{said}: {more}" if (more := _what(fact)) else said


def _what(fact: Fact) -> str | None:
    """What is worth knowing of a fact beside its kind."""
    if isinstance(fact, f.MachineVerdict | f.MachineChecked):
        return fact.answered_by
    if isinstance(fact, f.CallCompleted):
        return fact.carrier_status
    if isinstance(fact, f.Closing | f.ConversationEnded):
        return fact.reason
    if isinstance(fact, f.TransferRequested):
        return masked(fact.to_number)
    if isinstance(fact, f.AdmissionAwaited | f.AdmissionRefused):
        return f"{fact.limit} limit of {fact.size}"
    return fact.timer if isinstance(fact, f.TimerExpired) else None
