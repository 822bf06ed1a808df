"""Calls under limits: at once, after a wait, not at all."""

from collections import Counter

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from activities.models import Admission
from calls import facts as f
from calls.limits import Limit, LimitOf, WhenFull
from calls.ports.admissions import Turn
from calls.reasons import FinishReason as R
from calls.records import Progress
from runtime.wiring.engine import workflow_runner
from tests.workflows.script import ADMITTED, Script
from tests.workflows.stage import TARGET, Stage, a_plan, on_stage
from workflows.messages import EndRequest, TransferRequest
from workflows.outbound_call import OutboundCall

LIMITS = (Limit(of=LimitOf.ACCOUNT, pool="account", size=10),)
SCHEDULED = "activity_task_scheduled_event_attributes"
FULL = Admission(turn=Turn.WAITING, limit=LimitOf.ACCOUNT, size=10)


def under_limits(*admissions: Admission, when_full: WhenFull = WhenFull.QUEUE) -> Script:
    return Script(plan=a_plan(limits=LIMITS, when_full=when_full), admissions=list(admissions))


async def is_answered_and_over(stage: Stage) -> R:
    await stage.until_asked("dial")
    await stage.tell(stage.initiated(), stage.answered(), stage.started(), stage.completed())
    return R((await stage.end()).finish_reason)


async def kinds(stage: Stage) -> list[str]:
    """The kinds of the call's history events."""
    history = await stage.handle.fetch_history()
    await replays(history)
    return [str(event.WhichOneof("attributes")) for event in history.events]


def until_the_dial(events: list[str]) -> list[str]:
    """The events up to the end of the workflow task that scheduled the first activity."""
    dial = events.index(SCHEDULED)
    return events[: next(at for at in range(dial, len(events)) if events[at].startswith("workflow_"))]


async def seconds(stage: Stage) -> float:
    """How long the call took by its own clock."""
    events = (await stage.handle.fetch_history()).events
    return (events[-1].event_time.ToDatetime() - events[0].event_time.ToDatetime()).total_seconds()


async def replays(history: WorkflowHistory) -> None:
    replayer = Replayer(
        workflows=[OutboundCall], data_converter=pydantic_data_converter, workflow_runner=workflow_runner()
    )
    await replayer.replay_workflow(history)


async def test_a_call_under_no_limit_asks_nobody(env: WorkflowEnvironment) -> None:
    """Not one event more than before there were limits."""
    async with on_stage(env) as stage:
        await stage.begin()
        assert await is_answered_and_over(stage) is R.USER_ENDED_CALL
    assert stage.script.times("ask_admission") == stage.script.times("await_admission") == 0


async def test_a_free_slot_costs_one_local_activity(env: WorkflowEnvironment) -> None:
    """The question rides on the registration's own task: no activity and no timer more before the dial."""
    costs = []
    for script in (Script(), under_limits()):
        async with on_stage(env, script) as stage:
            await stage.begin()
            await stage.until_asked("dial")
            await stage.tell(stage.initiated(), stage.completed("busy", 486, 0))
            await stage.end()
            happened = Counter(until_the_dial(await kinds(stage)))
            costs.append([happened[what] for what in (SCHEDULED, "timer_started_event_attributes")])
    assert script.times("ask_admission") == 1
    assert costs[0] == costs[1]
    assert costs[0][0] == 1


async def test_a_call_that_waits_is_dialled_when_it_is_its_turn(env: WorkflowEnvironment) -> None:
    """Until then nothing rings, and whoever looks at the call sees what it waits for."""
    async with on_stage(env, under_limits(FULL, FULL, FULL, ADMITTED)) as stage:
        await stage.begin()
        await stage.until_asked("await_admission")
        assert stage.script.times("dial") == 0
        await stage.wait(25)
        assert await is_answered_and_over(stage) is R.USER_ENDED_CALL
        await kinds(stage)
    assert stage.script.times("dial") == 1


async def test_the_wait_does_not_eat_the_dials_time(env: WorkflowEnvironment) -> None:
    """A call that is admitted in its last moment has as long to be dialled as any other."""
    script = under_limits(FULL, *[FULL] * 29, ADMITTED)
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.wait(295)
        await stage.until_asked("dial")
        await stage.wait(60)
        assert await is_answered_and_over(stage) is R.USER_ENDED_CALL


async def test_a_wait_ends_at_the_registered_deadline(env: WorkflowEnvironment) -> None:
    """The call was never dialled, and its record says which limit was in the way."""
    async with on_stage(env, under_limits(FULL)) as stage:
        await stage.begin()
        result = await stage.end()
        assert 300 <= await seconds(stage) <= 305
        await kinds(stage)
    assert (result.finish_reason, result.status, result.by) == (R.CONCURRENT_CALL_LIMIT_REACHED, "error", "system")
    assert (result.phase, result.evidence["limit"], result.evidence["limit_size"]) == ("registered", "account", 10)
    assert stage.script.times("dial") == stage.script.times("hang_up") == 0
    assert stage.script.saved[-1].over


@pytest.mark.parametrize("may", [True, False])
async def test_a_call_whose_waiter_died_asks_once_more(env: WorkflowEnvironment, may: bool) -> None:
    """When its wait is over, so that nobody is refused beside a free slot; where there is none it is as before."""
    script = under_limits(FULL)
    script.plan = script.plan.model_copy(update={"asks_for_a_slot_again": True})
    script.broken.add("await_admission")
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.until_asked("await_admission")
        if may:
            script.admissions[:] = [ADMITTED]
            assert await is_answered_and_over(stage) is R.USER_ENDED_CALL
        else:
            assert (await stage.end()).finish_reason == R.CONCURRENT_CALL_LIMIT_REACHED
        await kinds(stage)
    assert stage.script.times("ask_admission") == 2


async def test_a_store_that_cannot_be_asked_again_is_no_limit(env: WorkflowEnvironment) -> None:
    """Nobody knows at the deadline whether there was room: then it was the time that ran out."""
    script = under_limits(FULL)
    script.plan = script.plan.model_copy(update={"asks_for_a_slot_again": True})
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.until_asked("await_admission")
        script.broken.add("ask_admission")
        result = await stage.end()
        await kinds(stage)
    assert (result.finish_reason, stage.script.times("dial")) == (R.REGISTERED_CALL_TIMED_OUT, 0)


async def test_a_full_limit_can_reject_at_once(env: WorkflowEnvironment) -> None:
    """By policy nobody waits."""
    async with on_stage(env, under_limits(FULL, when_full=WhenFull.REJECT)) as stage:
        await stage.begin()
        result = await stage.end()
        await kinds(stage)
    assert (result.finish_reason, result.evidence["limit"]) == (R.CONCURRENT_CALL_LIMIT_REACHED, "account")
    assert stage.script.times("await_admission") == stage.script.times("dial") == 0


@pytest.mark.parametrize("how", ["update", "signal", "cancellation"])
async def test_an_end_while_waiting(env: WorkflowEnvironment, how: str) -> None:
    """The call leaves the queue at once, undialled, and its record is over: that gives its place back."""
    async with on_stage(env, under_limits(FULL)) as stage:
        await stage.begin()
        await stage.until_asked("await_admission")
        if how == "update":
            await stage.handle.execute_update("end", EndRequest())
        elif how == "signal":
            await stage.handle.signal("end")
        else:
            await stage.handle.cancel()
        result = await stage.end()
        assert await seconds(stage) < 60
        await kinds(stage)
    assert (result.finish_reason, result.evidence["detail"]) == (R.CALL_FAILED, "ended_by_request")
    assert stage.script.times("dial") == 0
    assert stage.script.saved[-1].over


async def test_a_store_that_is_away_lets_the_call_wait(env: WorkflowEnvironment) -> None:
    """Nobody could say whether there is room: it is asked again until there is an answer."""
    script = under_limits(FULL, ADMITTED)
    script.broken.add("ask_admission")
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.until_asked("await_admission")
        await stage.wait(11)
        assert await is_answered_and_over(stage) is R.USER_ENDED_CALL
        await kinds(stage)


async def test_a_store_that_stays_away_is_no_limit(env: WorkflowEnvironment) -> None:
    """A call that was never told of a limit does not claim one as the cause of its end."""
    script = under_limits(Admission(turn=Turn.WAITING))
    async with on_stage(env, script) as stage:
        await stage.begin()
        result = await stage.end()
    assert result.finish_reason == R.REGISTERED_CALL_TIMED_OUT


async def test_a_transferred_call_is_not_over_before_the_carriers_call_is(env: WorkflowEnvironment) -> None:
    """Its record ends at the bridge; what it holds it holds until the line is free."""
    async with on_stage(env, under_limits()) as stage:
        await stage.begin()
        await stage.tell(stage.initiated(), stage.answered(), stage.started())
        await stage.handle.execute_update(OutboundCall.transfer, TransferRequest(to_number=TARGET, request_id="t1"))
        await stage.until_asked("start_transfer")
        await stage.tell(f.TransferBridged(at=await stage.now(), request_id="t1", carrier_call_id="CA" + "2" * 32))
        await stage.until_asked("extend_time_limit")
        assert not any(saved.over for saved in stage.script.saved)
        await stage.tell(stage.completed())
        assert (await stage.end()).finish_reason == R.CALL_TRANSFERRED
    assert stage.script.saved[-1].over


async def test_an_end_that_is_on_record_is_not_taken_back(env: WorkflowEnvironment) -> None:
    """Something happens while the end of a wait is written: the engine has the task done again, and the end stays."""
    script = under_limits(FULL)
    script.plan = script.plan.model_copy(update={"keeps_decisions": True})
    async with on_stage(env, script) as stage:

        async def meanwhile(progress: Progress) -> None:
            if progress.finish_reason is not None:
                script.on_save = None
                await stage.handle.signal("end", EndRequest())

        script.on_save = meanwhile
        await stage.begin()
        result = await stage.end()
        await replays(await stage.handle.fetch_history())
    assert {saved.finish_reason for saved in script.saved if saved.finish_reason} == {result.finish_reason}
