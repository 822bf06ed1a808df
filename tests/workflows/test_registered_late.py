"""A registration whose answer came too late: given up, unless the store has the call after all."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateStage
from temporalio.testing import WorkflowEnvironment

from activities.models import RegisterAnswer, Registration
from calls.reasons import FinishReason as R
from tests.workflows.script import Script
from tests.workflows.stage import a_plan, on_stage


def late_script(*, is_withdrawn: bool, store_is_away: timedelta | None = None, **plan: float) -> Script:
    """The first try to register takes no effect that anybody hears of."""
    return Script(
        plan=a_plan(**plan),
        first_registrations=[Registration.TOO_LATE],
        is_withdrawn=is_withdrawn,
        store_is_away=store_is_away,
    )


async def test_what_the_store_never_had_is_given_up(env: WorkflowEnvironment) -> None:
    """Nobody is rung, and whoever asked is told only when it is certain."""
    script = late_script(is_withdrawn=True, store_is_away=timedelta(seconds=30))
    async with on_stage(env, script) as stage:
        await stage.start()
        asking = await stage.handle.start_update(
            "register", wait_for_stage=WorkflowUpdateStage.ACCEPTED, result_type=RegisterAnswer
        )
        result = await stage.end()
        assert (await asking.result()).outcome is Registration.TOO_LATE
    assert result.registration is Registration.TOO_LATE
    assert (script.times("give_up_registration"), script.times("register_call"), script.times("dial")) == (2, 1, 0)
    assert not script.saved


async def test_what_the_store_has_goes_on(env: WorkflowEnvironment) -> None:
    """The answer was lost, not the registration: the call is rung like any other."""
    script = late_script(is_withdrawn=False)
    async with on_stage(env, script) as stage:
        await stage.begin()
        await stage.until_asked("dial")
        await stage.tell(stage.initiated(), stage.answered(), stage.started(), stage.completed())
        result = await stage.end()
    assert (result.registration, result.finish_reason) == (Registration.CREATED, R.USER_ENDED_CALL)
    assert (script.times("register_call"), script.times("dial")) == (2, 1)


@pytest.mark.parametrize(("away", "dials"), [(58, 1), (61, 0)])
async def test_it_has_no_more_time_than_others(env: WorkflowEnvironment, away: float, dials: int) -> None:
    """A store that was away for longer than a call may wait for its dial leaves a record, and no call."""
    script = late_script(is_withdrawn=False, store_is_away=timedelta(seconds=away), registered_seconds=60)
    async with on_stage(env, script) as stage:
        await stage.start()
        result = await stage.end()
    assert script.times("dial") == dials
    assert result.finish_reason == R.REGISTERED_CALL_TIMED_OUT
    assert script.saved[-1].complete
    assert script.saved[-1].finish_reason == R.REGISTERED_CALL_TIMED_OUT


async def test_an_end_asked_for_meanwhile_is_obeyed(env: WorkflowEnvironment) -> None:
    """Whoever could not be told asked for the end: the call is not rung."""
    script = late_script(is_withdrawn=False, store_is_away=timedelta(seconds=10))
    async with on_stage(env, script) as stage:
        await stage.start()
        await stage.until_asked("give_up_registration")
        await stage.handle.signal("end")
        result = await stage.end()
    assert (result.finish_reason, script.times("dial")) == (R.CALL_FAILED, 0)
