"""The schedule by which the engine looks for calls without an owner, for as long as it lives."""

from datetime import timedelta
from typing import Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.models import Look
from runtime.settings import WorkerSettings
from workflows.names import CALL_QUEUE
from workflows.sweep import Sweep

SWEEPS: Final = "ringback-sweep"
"""The schedule's id, and what the ids of its workflows begin with."""
_LONGEST = timedelta(minutes=30)
"""A sweep that waits for workers longer than that has nothing left to say."""


async def ensure_sweeps(client: Client, settings: WorkerSettings) -> None:
    """Have the engine sweep as these settings say; whether an operator paused it is left alone."""
    wanted = _schedule(settings)
    try:
        await client.create_schedule(SWEEPS, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(SWEEPS).update(lambda found: _updated(found, wanted))


def _updated(found: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate:
    wanted.state = found.description.schedule.state
    return ScheduleUpdate(wanted)


def _schedule(settings: WorkerSettings) -> Schedule:
    every = timedelta(seconds=settings.sweep_seconds)
    sweep = ScheduleActionStartWorkflow(
        Sweep.run,
        Look(grace_seconds=settings.sweep_grace_seconds),
        id=SWEEPS,
        task_queue=CALL_QUEUE,
        execution_timeout=_LONGEST,
        static_summary="Look for calls that no workflow owns",
    )
    return Schedule(
        action=sweep,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # What was missed while the engine was away is made up for by the next look.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=max(every, timedelta(seconds=10))),
    )
