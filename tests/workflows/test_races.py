"""Two causes at one moment, in both orders: which of them is the reason, and that there is exactly one."""

from collections.abc import Callable, Sequence

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.models import CarrierWord, MachineDecision
from calls import facts as f
from calls.facts import CarrierEnd, Fact, MachineAction
from calls.reasons import FinishReason as R
from calls.words import Party
from tests.workflows.script import CARRIER_CALL, Script
from tests.workflows.stage import TARGET, Stage, a_plan, an_order, on_stage
from workflows.live_call import CallResult
from workflows.messages import EndRequest, TransferRequest
from workflows.names import CALL_QUEUE, workflow_id
from workflows.outbound_call import OutboundCall

Tell = Callable[[Stage], Fact]


def callee_hangs_up(stage: Stage) -> Fact:
    return stage.completed()


def talk_ends(stage: Stage) -> Fact:
    """The agent said goodbye, before the carrier's call was over."""
    return f.ConversationEnded(at=stage.moment(-5), reason=R.AGENT_ENDED_CALL, by=Party.AGENT)


def talk_ends_too_late(stage: Stage) -> Fact:
    """The relay's close is taken for an end of the agent's, after the hangup."""
    return f.ConversationEnded(at=stage.moment(+5), reason=R.AGENT_ENDED_CALL, by=Party.AGENT)


def machine_is_told(stage: Stage) -> Fact:
    return stage.verdict("machine_start")


async def in_one_task(env: WorkflowEnvironment, script: Script, facts: Sequence[Tell]) -> CallResult:
    """A talking call of which everything is told before its first worker comes: it hears all in its first task."""
    order = an_order()
    begun = await env.client.start_workflow(
        OutboundCall.run, order, id=workflow_id(order.call_id), task_queue=CALL_QUEUE
    )
    stage = Stage(env, script, order)
    stage.handle = begun
    await stage.tell(stage.initiated(), stage.answered(), stage.started(), *(tell(stage) for tell in facts))
    async with on_stage(env, script, order) as again:
        again.handle = begun
        return await again.end()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ((callee_hangs_up, talk_ends), R.AGENT_ENDED_CALL),
        ((talk_ends, callee_hangs_up), R.AGENT_ENDED_CALL),
        ((callee_hangs_up, talk_ends_too_late), R.USER_ENDED_CALL),
        ((talk_ends_too_late, callee_hangs_up), R.USER_ENDED_CALL),
        ((callee_hangs_up, machine_is_told), R.USER_ENDED_CALL),
        ((machine_is_told, callee_hangs_up), R.USER_ENDED_CALL),
        ((machine_is_told, talk_ends), R.AGENT_ENDED_CALL),
        ((talk_ends, machine_is_told), R.AGENT_ENDED_CALL),
    ],
)
async def test_two_endings_in_one_task(env: WorkflowEnvironment, facts: Sequence[Tell], reason: R) -> None:
    """What the talk found before the hangup is the cause; a hangup beats a verdict that nobody has weighed yet."""
    hang_up = MachineDecision(action=MachineAction.HANG_UP, answered_by="machine_start", why="policy: hang up")
    result = await in_one_task(env, Script(machine=hang_up), facts)
    assert result.finish_reason == reason


@pytest.mark.parametrize("callee_first", [True, False])
async def test_both_sides_hang_up_at_the_same_moment(env: WorkflowEnvironment, callee_first: bool) -> None:
    """Whoever is heard of first did it: a request after the hangup is told that the call is over."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        if callee_first:
            await stage.tell(stage.completed())
        ack = await stage.handle.execute_update("end", EndRequest(), result_type=dict)
        if not callee_first:
            await stage.tell(stage.completed())
        result = await stage.end()
    assert ack["accepted"] is not callee_first
    assert result.finish_reason == (R.USER_ENDED_CALL if callee_first else R.AGENT_ENDED_CALL)


@pytest.mark.parametrize("overtaken", [True, False])
async def test_the_end_may_be_told_before_the_answer(env: WorkflowEnvironment, overtaken: bool) -> None:
    """A call that lasted was answered, whichever callback came first."""
    async with on_stage(env) as stage:
        await stage.begin()
        facts = [stage.answered(), stage.completed()]
        await stage.tell(*(reversed(facts) if overtaken else facts))
        result = await stage.end()
    assert (result.finish_reason, result.status) == (R.USER_ENDED_CALL, "ended")


async def test_no_callback_ever_comes(env: WorkflowEnvironment) -> None:
    """At the registered deadline the carrier is asked, and its word that the call is over is the truth."""
    over = CarrierWord(known=True, carrier_call_id=CARRIER_CALL, status="busy", end=CarrierEnd.BUSY, duration_seconds=0)
    async with on_stage(env, Script(carrier_says=[over])) as stage:
        await stage.begin()
        result = await stage.end()
    assert (result.finish_reason, result.evidence["asked_carrier"]) == (R.LINE_BUSY, True)
    assert stage.script.times("hang_up") == 0


async def test_a_verdict_after_the_human_spoke_is_ignored_with_evidence(env: WorkflowEnvironment) -> None:
    """The weighing says so; the call goes on, and its record keeps what the carrier thought."""
    spoke = "the callee had answered the agent before the verdict"
    script = Script(machine=MachineDecision(action=MachineAction.PROCEED, answered_by="machine_start", why=spoke))
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started(), stage.verdict("machine_start"))
        await stage.until_asked("check_answering_machine")
        await stage.wait(30)
        await stage.tell(stage.completed())
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL
    assert (result.evidence["answered_by"], result.evidence["machine_why"]) == ("machine_start", spoke)


async def test_a_verdict_after_the_hangup_changes_nothing(env: WorkflowEnvironment) -> None:
    """The call is over; nobody weighs it any more."""
    async with on_stage(env) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started(), stage.completed(), stage.verdict("machine_start"))
        result = await stage.end()
    assert result.finish_reason == R.USER_ENDED_CALL
    assert stage.script.times("check_answering_machine") == 0


@pytest.mark.parametrize("end_first", [True, False])
async def test_an_end_and_a_transfer_are_asked_at_once(env: WorkflowEnvironment, end_first: bool) -> None:
    """A call that is ending takes no transfer; a transfer that is under way is ended, both legs of it."""
    transfer = TransferRequest(to_number=TARGET, request_id="t1")
    async with on_stage(env) as stage:
        stage.confirms_hangups = False
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        if not end_first:
            await stage.handle.execute_update(OutboundCall.transfer, transfer)
        await stage.handle.execute_update("end", EndRequest())
        if end_first:
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await stage.handle.execute_update(OutboundCall.transfer, transfer)
            assert "over or ending" in str(refused.value.cause)
        await stage.until_asked("hang_up")
        await stage.tell(stage.completed())
        result = await stage.end()
    assert (result.finish_reason, result.phase) == (R.AGENT_ENDED_CALL, "conversation" if end_first else "transfer")


@pytest.mark.parametrize("is_answered", [True, False])
async def test_the_talk_ends_while_a_transfer_begins(env: WorkflowEnvironment, is_answered: bool) -> None:
    """Whoever was accepted with a transfer gets it, and the agent's goodbye is the reason only if nobody answers."""
    async with on_stage(env, Script(plan=a_plan(transfers_go_first=True))) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        await stage.handle.execute_update(OutboundCall.transfer, TransferRequest(to_number=TARGET, request_id="t1"))
        await stage.until_asked("start_transfer")
        await stage.tell(talk_ends(stage))
        await stage.until_waiting()
        assert stage.script.times("hang_up") == 0
        about = {"at": stage.moment(0), "request_id": "t1"}
        if is_answered:
            await stage.tell(f.TransferBridged(**about), f.TransferEnded(**about), stage.completed())
        else:
            await stage.tell(f.TransferFailed(**about, carrier_status="busy"))
        result = await stage.end()
    assert (result.finish_reason, result.phase) == (
        (R.CALL_TRANSFERRED, "transfer") if is_answered else (R.AGENT_ENDED_CALL, "conversation")
    )
    assert stage.script.times("hang_up") == int(not is_answered)


async def test_a_talk_that_has_ended_takes_no_transfer(env: WorkflowEnvironment) -> None:
    """It ends with its call."""
    async with on_stage(env, Script(plan=a_plan(transfers_go_first=True))) as stage:
        stage.confirms_hangups = False
        await stage.begin()
        await stage.tell(stage.answered(), stage.started(), talk_ends(stage))
        await stage.until_asked("hang_up")
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await stage.handle.execute_update(OutboundCall.transfer, TransferRequest(to_number=TARGET, request_id="t1"))
        assert "ending" in str(refused.value.cause)
        await stage.tell(stage.completed())
        assert (await stage.end()).finish_reason == R.AGENT_ENDED_CALL


@pytest.mark.parametrize("bridged_in_time", [True, False])
async def test_the_maximum_duration_comes_during_a_transfer(env: WorkflowEnvironment, bridged_in_time: bool) -> None:
    """While the target rings the call is ended by its limit; once bridged, the transferred call has its own."""
    async with on_stage(env, Script(plan=a_plan(maximum_duration_seconds=120))) as stage:
        await stage.begin()
        await stage.tell(stage.answered(), stage.started())
        await stage.wait(100)
        await stage.handle.execute_update(OutboundCall.transfer, TransferRequest(to_number=TARGET, request_id="t1"))
        await stage.until_asked("start_transfer")
        if bridged_in_time:
            await stage.tell(f.TransferBridged(at=await stage.now(), request_id="t1"))
            await stage.until_asked("extend_time_limit")
            await stage.wait(60)
            await stage.tell(stage.completed())
        result = await stage.end()
    expected = R.CALL_TRANSFERRED if bridged_in_time else R.MAXIMUM_DURATION_EXCEEDED
    assert (result.finish_reason, result.phase, result.status) == (expected, "transfer", "ended")
    assert stage.script.times("hang_up") == int(not bridged_in_time)
