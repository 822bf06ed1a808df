"""What comes to a live call at a bad moment, or could not be taken at all: signals of the wrong shape, ends, resets."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from calls.reasons import FinishReason as R
from calls.records import Progress
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import TARGET, Stage, on_stage
from workflows.messages import EndRequest, TransferRequest
from workflows.names import CALL_QUEUE, workflow_id
from workflows.outbound_call import OutboundCall

NAIVE = {"at": "2026-01-01T10:00:00", "carrier_call_id": CARRIER_CALL, "attempt_id": ""}


async def talking(stage: Stage) -> None:
    await stage.begin()
    await stage.tell(stage.initiated(), stage.answered(), stage.started())


@pytest.mark.parametrize("inputs", [[], [NAIVE], [NAIVE, NAIVE], ["nonsense"]], ids=["none", "naive", "two", "text"])
async def test_a_signal_that_nobody_can_take_changes_nothing(env: WorkflowEnvironment, inputs: list[Any]) -> None:
    """An empty signal from the Web UI, or a time without a zone: the call lives on, and can be ended."""
    async with on_stage(env) as stage:
        await talking(stage)
        for signal in ("call_completed", "transfer_requested"):
            await stage.handle.signal(signal, args=inputs)
        await stage.handle.execute_update("end", EndRequest())
        result = await stage.end()
    assert result.finish_reason == R.AGENT_ENDED_CALL


async def test_an_update_that_nobody_can_take_is_refused(env: WorkflowEnvironment) -> None:
    """In words; the same update in its right shape is answered afterwards."""
    async with on_stage(env) as stage:
        await talking(stage)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await stage.handle.execute_update("end", args=[{}, {}])
        assert "end does not come with 2 inputs" in str(refused.value.cause)
        with pytest.raises(WorkflowUpdateFailedError):
            await stage.handle.execute_update("transfer")
        assert (await stage.handle.execute_update("register"))["outcome"] == "created"
        await stage.handle.execute_update("end", EndRequest())
        await stage.end()


async def test_an_end_goes_before_a_transfer_that_waits_for_the_store(env: WorkflowEnvironment) -> None:
    """The target's number cannot be stored: nobody else is rung, and the callee is hung up at once."""
    is_away = False

    async def save(_: Progress) -> None:
        if is_away:
            is_local = activity.info().is_local  # those would be tried for seconds, during which nothing is delivered
            raise ApplicationError("away", non_retryable=is_local, next_retry_delay=timedelta(seconds=5))

    async with on_stage(env, Script(on_save=save)) as stage:
        await talking(stage)
        is_away = True
        await stage.handle.execute_update(OutboundCall.transfer, TransferRequest(to_number=TARGET, request_id="t1"))
        await stage.handle.execute_update("end", EndRequest())
        await stage.until_asked("hang_up")
        is_away = False
        result = await stage.end()
    assert result.finish_reason == R.AGENT_ENDED_CALL
    assert stage.script.times("start_transfer") == 0


async def test_a_machine_check_that_the_end_cuts_short_says_nothing(env: WorkflowEnvironment) -> None:
    """The carrier's verdict stays the evidence; a check that never was one does not call the callee unknown."""
    async with on_stage(env, Script(machine=None)) as stage:
        await talking(stage)
        await stage.tell(stage.verdict("human"))
        await stage.until_asked("check_answering_machine")
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.evidence["answered_by"] == "human"
    assert result.evidence.get("machine_why") is None


async def test_a_call_whose_dial_is_out_already_is_not_dialled(env: WorkflowEnvironment) -> None:
    """A workflow that was reset to before its dial hears the carrier again first: the phone rings, and only once."""
    async with on_stage(env) as stage:
        ringing = stage.ringing()
        stage.handle = await env.client.start_workflow(
            OutboundCall.run,
            stage.order,
            id=workflow_id(stage.order.call_id),
            task_queue=CALL_QUEUE,
            start_signal=ringing.kind,
            start_signal_args=[ringing],
        )
        await stage.tell(stage.answered(), stage.started(), stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL
    assert stage.script.times("dial") == 0
