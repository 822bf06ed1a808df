"""What the call's workflow was told, as its history at Temporal shows it; no worker is needed to read that."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistoryEventAsyncIterator
from temporalio.exceptions import ApplicationError

from calls import facts as f
from calls.facts import Fact
from runtime.command_line.timeline import Happening
from workflows.messages import END
from workflows.names import workflow_id

_EVENTS: Mapping[type[Fact], str] = {
    f.CallInitiated: "placing",
    f.CallRinging: "ringing",
    f.CallAnswered: "answered",
    f.MachineVerdict: "detected",
    f.ConversationStarted: "connected",
    f.ConversationEnded: "ending",
    f.CallCompleted: "over",
}
"""What the carrier and the conversation tell, and how a timeline calls it."""
_KINDS: Mapping[str, type[Fact]] = {fact.kind: fact for fact in _EVENTS}
_DIAL = "dial"


class History:
    """Reads a call's history: what is there already, then whatever comes. Raises RPCError."""

    def __init__(self, client: Client, call_id: str) -> None:
        self._converter = client.data_converter
        handle = client.get_workflow_handle(workflow_id(call_id))
        self._events: WorkflowHistoryEventAsyncIterator = handle.fetch_history_events(wait_new_event=True)

    async def past(self) -> list[Happening]:
        """What has happened so far."""
        await self._events.fetch_next_page()
        known = [await self._happening(event) for event in self._events.current_page or ()]
        return [happening for happening in known if happening is not None]

    async def __aiter__(self) -> AsyncIterator[Happening]:
        """Everything, from the beginning, until the workflow is over."""
        async for event in self._events:
            if (happening := await self._happening(event)) is not None:
                yield happening

    async def _happening(self, event: HistoryEvent) -> Happening | None:
        at = event.event_time.ToDatetime(tzinfo=UTC)
        if event.HasField("workflow_execution_signaled_event_attributes"):
            signalled = event.workflow_execution_signaled_event_attributes
            return await self._signalled(at, signalled.signal_name, list(signalled.input.payloads))
        if event.HasField("workflow_execution_update_accepted_event_attributes"):
            asked = event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
            return _end(at, "by update") if asked == END else None
        if event.HasField("workflow_execution_cancel_requested_event_attributes"):
            return _end(at, "by cancellation")
        dials = event.activity_task_scheduled_event_attributes.activity_type.name == _DIAL
        return Happening("dialling", at, "dialling") if dials else None

    async def _signalled(self, at: datetime, name: str, payloads: list[Payload]) -> Happening | None:
        """The fact of a signal, or a request; None for what is neither, or cannot be read."""
        if name == END:
            return _end(at, "by signal")
        if name not in _KINDS:
            return None
        try:
            (fact,) = await self._converter.decode(payloads, [_KINDS[name]])
        except (ValidationError, ValueError, ApplicationError):
            return None
        return Happening(_EVENTS[type(fact)], at, _EVENTS[type(fact)], _text(fact))


def _end(at: datetime, how: str) -> Happening:
    return Happening("end_requested", at, "end_requested", how)


def _text(fact: Fact) -> str:
    if isinstance(fact, f.MachineVerdict):
        return f"answered by: {fact.answered_by}"
    if isinstance(fact, f.ConversationStarted):
        return "callee and agent can hear each other"
    if isinstance(fact, f.ConversationEnded):
        return fact.reason.value
    if isinstance(fact, f.CallCompleted):
        sip = f", SIP {fact.sip_code}" if fact.sip_code else ""
        return f"the carrier says {fact.carrier_status.value}{sip}"
    return ""
