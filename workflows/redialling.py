"""The steps of a call that have to do with redials: beginning the next one, and being one."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.models import RegisterAnswer
from activities.registering import Registering
from calls.model import Call, CallOrder
from calls.redials import redial_after
from workflows import options
from workflows.names import redial_workflow_id

REDIAL = "Redial"
"""The name of the workflow in which a redial waits; by name, because that one starts calls, and calls start it."""


async def begin_redial(call: Call) -> None:
    """Let the call's redial wait for its time, if one follows: in a workflow of its own, which outlives the call's.

    The engine starts it once, whoever dies meanwhile: it is a command of the call's own history.
    """
    pending = redial_after(call, workflow.now())
    if pending is None:
        return
    order = pending.order
    try:
        await workflow.start_child_workflow(
            REDIAL,
            pending,
            id=redial_workflow_id(order.call_id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"Redial {order.redial_number} of call {order.redial_of}"[:200],
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.warning("call %s is not redialled: %s waits already", call.order.call_id, order.call_id)


async def register_redial(order: CallOrder) -> RegisterAnswer:
    """Register a redial, with the agent as it is now. Raises ActivityError when an hour was not enough."""
    return await workflow.execute_activity_method(
        Registering.register_call, order, summary="Register the redial", **options.REGISTER_REDIAL
    )
