"""A call whose store was away while it was told can be taken up by another worker, which replays its history."""

from typing import Any

from temporalio import activity
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from runtime.wiring.engine import workflow_runner
from tests.workflows.script import Script
from tests.workflows.stage import on_stage
from workflows.inbound_call import InboundCall
from workflows.outbound_call import OutboundCall


class StoreIsAwayScript(Script):
    """Every local write fails for good; the patient ones succeed."""

    def note(self, verb: str, what: Any) -> None:
        super().note(verb, what)
        if verb == "save_progress" and activity.info().is_local:
            raise ApplicationError("the store is away", non_retryable=True)


async def test_a_local_write_that_failed_replays(env: WorkflowEnvironment) -> None:
    """The engine hands a failed local activity over in another shape at a replay: the story takes both alike."""
    async with on_stage(env, StoreIsAwayScript()) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.ringing(), stage.completed("busy", 486, 0))
        result = await stage.end()
        history = await stage.handle.fetch_history()
    assert result.finish_reason == "line_busy"
    replayer = Replayer(
        workflows=[OutboundCall, InboundCall],
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(),
    )
    await replayer.replay_workflow(history)
