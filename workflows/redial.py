"""A redial that waits for its time, in a workflow of its own: the call before it is complete meanwhile.

Cancelling it, the Web UI's main button, is all it takes for the redial not to happen.
"""

from datetime import datetime

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from activities.models import CallingTime
from activities.telephony import Telephony
from calls.redials import LATEST, PendingRedial
from workflows import options
from workflows.inspection import search_attributes_at_start
from workflows.names import masked, workflow_id
from workflows.outbound_call import OutboundCall


@workflow.defn
class Redial:
    """Sleeps until a redial is due, and starts its call."""

    @workflow.run
    async def run(self, pending: PendingRedial) -> str:
        """Start the call; what became of the redial, in words."""
        order, due = pending.order, pending.due
        await _sleep_until(due, "until the redial is due")
        if pending.calling_hours and workflow.now() <= due + LATEST:
            wish = CallingTime(to_number=order.request.to_number, hours=pending.calling_hours, at=workflow.now())
            allowed = await _find_calling_time(wish)
            if allowed is None:
                return "not made: the callee's calling hours never come"
            due = max(due, allowed)
            await _sleep_until(due, "until the callee's calling hours")
        if workflow.now() > due + LATEST:
            return "not made: it was due more than an hour ago"
        to_number = order.request.to_number
        try:
            await workflow.start_child_workflow(
                OutboundCall.run,
                order,
                id=workflow_id(order.call_id),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{pending.agent_name} → {masked(to_number)}, redial {order.redial_number}",
                search_attributes=search_attributes_at_start(to_number),
            )
        except WorkflowAlreadyStartedError:
            return f"not made: another request holds the call id {order.call_id}"
        return f"made as call {order.call_id}"


async def _find_calling_time(wish: CallingTime) -> datetime | None:
    """At once, or as soon as a worker can: a machine that stood still costs no redial."""
    find, summary = Telephony.find_calling_time, "Find the callee's hours"
    try:
        return await workflow.execute_local_activity_method(find, wish, summary=summary, **options.ASK_CLOCK)
    except FailureError:
        return await workflow.execute_activity_method(find, wish, summary=summary, **options.REGISTER_REDIAL)


async def _sleep_until(moment: datetime, summary: str) -> None:
    await workflow.sleep(max(0.0, (moment - workflow.now()).total_seconds()), summary=summary)
