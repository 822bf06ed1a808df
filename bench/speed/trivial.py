"""A workflow that decides nothing, with as many activities and signals as a call has."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow


@dataclass(frozen=True)
class Shape:
    """What one workflow does, and how many are started at once."""

    address: str
    namespace: str
    activities: int
    local_activities: int
    signals: int
    count: int


@activity.defn
async def do_nothing() -> None:
    """Nothing."""


@workflow.defn
class Trivial:
    """Its activities one after the other; then it waits for its signals."""

    def __init__(self) -> None:
        self._signals = 0

    @workflow.run
    async def run(self, shape: Shape) -> None:
        """Do nothing as often as asked."""
        patience = timedelta(seconds=60)
        for _ in range(shape.local_activities):
            await workflow.execute_local_activity(do_nothing, start_to_close_timeout=patience)
        for _ in range(shape.activities):
            await workflow.execute_activity(do_nothing, start_to_close_timeout=patience)
        await workflow.wait_condition(lambda: self._signals >= shape.signals)

    @workflow.signal
    def told(self) -> None:
        """Count."""
        self._signals += 1

    @workflow.update
    def registered(self) -> bool:
        """Answer at once."""
        return True
