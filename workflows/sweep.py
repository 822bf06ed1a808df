"""A look around for calls without an owner, and a story of its own for each that is found twice.

A schedule of the engine starts it again and again. It can be killed at any moment: the next one finds the same.
"""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from activities.models import Look, Suspect, TakeUp
from activities.sweeping import Sweeping
from workflows import options
from workflows.inspection import search_attributes_at_start
from workflows.names import masked, workflow_id
from workflows.taken_up_call import TakenUpCall


class Swept(BaseModel):
    """What one sweep did: the calls that it had taken up, by id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    suspected: int = 0
    taken_up: tuple[str, ...] = ()


@workflow.defn
class Sweep:
    """Looks once, waits, looks again, and has taken up what nobody owns."""

    @workflow.run
    async def run(self, look: Look) -> Swept:
        """Sweep once."""
        found = await workflow.execute_activity_method(
            Sweeping.look_for_orphans, look, summary="Look for calls without a workflow", **options.LOOK
        )
        if not found.suspects:
            return Swept()
        await workflow.sleep(timedelta(seconds=look.grace_seconds), summary="Look again")
        taken_up = [suspect.call_id for suspect in found.suspects if await self._take_up(suspect)]
        return Swept(suspected=len(found.suspects), taken_up=tuple(taken_up))

    async def _take_up(self, suspect: Suspect) -> bool:
        """Whether the call has a story again, begun here. One that cannot be judged now is found by the next sweep."""
        try:
            orphan = await workflow.execute_activity_method(
                Sweeping.confirm_orphan, suspect, summary=f"Look again at {suspect.call_id}", **options.LOOK
            )
        except ActivityError as error:
            workflow.logger.warning("call %s could not be looked at: %s", suspect.call_id, error.cause or error)
            return False
        return orphan is not None and await self._start(orphan)

    async def _start(self, orphan: TakeUp) -> bool:
        request = orphan.order.request
        try:
            await workflow.start_child_workflow(
                TakenUpCall.run,
                orphan,
                id=workflow_id(orphan.order.call_id),
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"{masked(request.to_number)}, taken up: its workflow was {orphan.story}",
                search_attributes=search_attributes_at_start(request.to_number),
            )
        except WorkflowAlreadyStartedError:
            return False  # it has an owner again: the id decides, whoever else looks
        return True
