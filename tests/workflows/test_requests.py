"""What people and programs ask of a live call: transfers, ends, and what they type wrong."""

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.models import Registration
from calls import facts as f
from calls.reasons import FinishReason as R
from calls.words import Party
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import ALICE, TARGET, Stage, a_plan, on_stage
from workflows.messages import Ack, EndRequest, TransferRequest
from workflows.outbound_call import OutboundCall


async def talking(stage: Stage) -> None:
    await stage.begin()
    await stage.tell(stage.initiated(), stage.answered(), stage.started())


async def ask_transfer(stage: Stage, to_number: str = TARGET, request_id: str = "t1") -> Ack:
    request = TransferRequest(to_number=to_number, request_id=request_id)
    return await stage.handle.execute_update(OutboundCall.transfer, request)


@pytest.mark.parametrize("records_to_the_bridge", [True, False])
async def test_a_transfer_that_is_bridged(env: WorkflowEnvironment, *, records_to_the_bridge: bool) -> None:
    """At the bridge the record ends as call_transferred; the workflow stays until the carrier's call is over."""
    async with on_stage(env, Script(plan=a_plan(records_to_the_bridge=records_to_the_bridge))) as stage:
        await talking(stage)
        assert (await ask_transfer(stage)).accepted
        await stage.until_asked("start_transfer")
        await stage.tell(f.TransferBridged(at=await stage.now(), request_id="t1", carrier_call_id="CA" + "2" * 32))
        await stage.until_asked("extend_time_limit")
        assert (await stage.handle.describe()).status is not None
        await stage.tell(stage.completed())
        result = await stage.end()
    assert stage.script.times("stop_recording") == records_to_the_bridge
    assert (result.finish_reason, result.status) == (R.CALL_TRANSFERRED, "ended")
    assert stage.script.times("hang_up") == 0
    bridged = [entry for entry in stage.script.saved if entry.transfer and entry.transfer.status == "bridged"]
    assert bridged[0].finish_reason is R.CALL_TRANSFERRED
    assert not bridged[0].over


async def test_the_targets_number_is_stored_before_the_carrier_is_told(env: WorkflowEnvironment) -> None:
    """The transfer's instructions are read from the record, so the record comes first."""
    async with on_stage(env) as stage:
        await talking(stage)
        await ask_transfer(stage)
        await stage.until_asked("start_transfer")
        assert any(entry.transfer and entry.transfer.to_number == TARGET for entry in stage.script.saved)
        await stage.tell(stage.completed())
        await stage.end()


async def test_a_busy_target_gives_the_callee_back(env: WorkflowEnvironment) -> None:
    """After a failed transfer the call goes on, can be transferred again, and ends by its own reason."""
    async with on_stage(env) as stage:
        await talking(stage)
        await ask_transfer(stage)
        await stage.until_asked("start_transfer")
        await stage.tell(f.TransferFailed(at=await stage.now(), request_id="t1", carrier_status="busy"))
        assert (await ask_transfer(stage, request_id="t2")).accepted
        await stage.until_asked("start_transfer", 2)
        await stage.tell(f.TransferFailed(at=await stage.now(), request_id="t2", carrier_status="no-answer"))
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL


async def test_an_end_during_a_transfer_ends_both_legs(env: WorkflowEnvironment) -> None:
    """The callee's carrier call is hung up, and with it the leg that rings."""
    async with on_stage(env) as stage:
        await talking(stage)
        await ask_transfer(stage)
        await stage.until_asked("start_transfer")
        await stage.handle.execute_update("end", EndRequest())
        result = await stage.end()
    assert (result.finish_reason, result.phase) == (R.AGENT_ENDED_CALL, "transfer")
    assert stage.script.times("hang_up") == 1


async def test_the_same_transfer_asked_twice_is_one(env: WorkflowEnvironment) -> None:
    """A repeated request id is accepted and changes nothing."""
    async with on_stage(env) as stage:
        await talking(stage)
        assert (await ask_transfer(stage)).accepted
        assert (await ask_transfer(stage)).accepted
        await stage.until_asked("start_transfer")
        await stage.tell(stage.completed())
        await stage.end()
    assert stage.script.times("start_transfer") == 1


@pytest.mark.parametrize(
    ("to_number", "words"),
    [(ALICE, "party of this call"), ("+14155550199", "allow-list")],
)
async def test_a_transfer_to_a_wrong_number_is_refused(env: WorkflowEnvironment, to_number: str, words: str) -> None:
    """To itself, or off the allow-list: refused with the reason, and nothing in the history."""
    async with on_stage(env, Script(plan=a_plan(transfer_allow_list=(TARGET, ALICE)))) as stage:
        await talking(stage)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await ask_transfer(stage, to_number)
        assert words in str(refused.value.cause)
        await stage.tell(stage.completed())
        await stage.end()
    assert stage.script.times("start_transfer") == 0


async def test_no_transfer_before_there_is_a_conversation(env: WorkflowEnvironment) -> None:
    """A ringing phone cannot be handed over."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.ringing())
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await ask_transfer(stage)
        assert "no conversation yet" in str(refused.value.cause)
        await stage.tell(stage.completed("busy", 486, 0))
        await stage.end()


@pytest.mark.parametrize("typed", [None, "nonsense", {"unknown": 1}, {"request_id": 5}, [1, 2]])
async def test_an_end_signal_is_obeyed_whatever_its_form(env: WorkflowEnvironment, typed: object) -> None:
    """An operator who wants a call to end gets it ended, even with an unreadable payload."""
    async with on_stage(env) as stage:
        await talking(stage)
        await stage.handle.signal("end", typed)
        result = await stage.end()
    assert result.finish_reason == R.AGENT_ENDED_CALL


@pytest.mark.parametrize("typed", [None, "nonsense", {}, {"to_number": "12"}, {"to_number": "+14155550110", "x": 1}])
async def test_a_transfer_signal_that_says_nothing_changes_nothing(env: WorkflowEnvironment, typed: object) -> None:
    """An unreadable transfer signal neither wedges nor ends the call; the details say what to send."""
    async with on_stage(env) as stage:
        await talking(stage)
        await stage.handle.signal("transfer", typed)
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL
    assert stage.script.times("start_transfer") == 0


async def test_a_transfer_signal_transfers(env: WorkflowEnvironment) -> None:
    """The Web UI's signal does what the update does."""
    async with on_stage(env) as stage:
        await talking(stage)
        await stage.handle.signal("transfer", {"to_number": TARGET})
        await stage.until_asked("start_transfer")
        await stage.handle.signal("end")
        result = await stage.end()
    assert result.finish_reason == R.AGENT_ENDED_CALL


async def test_the_agents_transfer_takes_the_same_path(env: WorkflowEnvironment) -> None:
    """What the conversation asks for is carried out like an operator's request."""
    async with on_stage(env) as stage:
        await talking(stage)
        await stage.tell(
            f.TransferRequested(at=await stage.now(), request_id="agent-1", to_number=TARGET, by=Party.AGENT)
        )
        await stage.until_asked("start_transfer")
        await stage.tell(f.TransferBridged(at=await stage.now(), request_id="agent-1"), stage.completed())
        result = await stage.end()
    assert (result.finish_reason, result.by) == (R.CALL_TRANSFERRED, "agent")


async def test_an_end_before_the_dial_dials_nothing(env: WorkflowEnvironment) -> None:
    """A call that is ended in its first moment never rings."""
    async with on_stage(env, Script()) as stage:
        stage.order = stage.order.model_copy()
        handle = await env.client.start_workflow(
            "OutboundCall",
            stage.order,
            id=f"call-{stage.order.call_id}",
            task_queue="ringback-calls",
            start_signal="end",
        )
        result = await handle.result()
    assert result["finish_reason"] == R.CALL_FAILED
    assert stage.script.times("dial") == 0


@pytest.mark.parametrize("outcome", [Registration.CONFLICT, Registration.EXISTED, Registration.WITHDRAWN])
async def test_what_was_not_registered_is_not_dialled(env: WorkflowEnvironment, outcome: Registration) -> None:
    """A call id that belongs to another request, or a withdrawn request, ends the workflow at once."""
    async with on_stage(env, Script(registration=outcome)) as stage:
        await stage.begin()
        result = await stage.end()
    assert result.registration is outcome
    assert stage.script.times("dial") == 0


async def test_a_callback_of_another_carrier_call_changes_nothing(env: WorkflowEnvironment) -> None:
    """A fact that names another carrier call is no fact about this one."""
    async with on_stage(env) as stage:
        await talking(stage)
        foreign = stage.completed().model_copy(update={"carrier_call_id": "CA" + "9" * 32})
        assert foreign.carrier_call_id != CARRIER_CALL
        await stage.tell(foreign)
        await stage.handle.execute_update("end", EndRequest())
        result = await stage.end()
    assert result.finish_reason == R.AGENT_ENDED_CALL
