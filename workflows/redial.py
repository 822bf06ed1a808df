"""A redial that waits for its time, in a workflow of its own: the call before it is complete meanwhile.

Cancelling it, the Web UI's main button, is all it takes for the redial not to happen.
"""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from calls.redials import LATEST, PendingRedial
from workflows.inspection import search_attributes_at_start
from workflows.names import masked, workflow_id
from workflows.outbound_call import OutboundCall


@workflow.defn
class Redial:
    """Sleeps until a redial is due, and starts its call."""

    @workflow.run
    async def run(self, pending: PendingRedial) -> str:
        """Start the call; what became of the redial, in words."""
        order = pending.order
        wait = (pending.due - workflow.now()).total_seconds()
        await workflow.sleep(max(0.0, wait), summary="until the redial is due")
        if workflow.now() > pending.due + LATEST:
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
