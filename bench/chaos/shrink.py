"""Looking for the smallest run that still shows a violation: fewer kinds of faults, then fewer calls.

A run is drawn by its seed, but processes race in it: a violation may stay away from a run that could have shown it.
Therefore a smaller run counts when it was seen to fail, and each is given more than one chance.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

FEWEST_CALLS = 10


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: how many of the seed's calls, and which kinds of faults."""

    calls: int
    kinds: tuple[str, ...]


class Budget:
    """How many runs are left; `fails` is asked up to `chances` times for each trial."""

    def __init__(self, fails: Callable[[Trial], Awaitable[bool]], *, runs: int, chances: int) -> None:
        self._fails = fails
        self._left = runs
        self._chances = chances

    async def is_seen_to_fail(self, trial: Trial) -> bool:
        """Whether one of the chances showed it; never, once the budget is spent."""
        for _ in range(self._chances):
            if self._left <= 0:
                return False
            self._left -= 1
            if await self._fails(trial):
                return True
        return False


async def shrink(trial: Trial, budget: Budget) -> Trial:
    """The smallest trial found that was seen to fail; the given one when none was."""
    return await _fewer_calls(await _fewer_kinds(trial, budget), budget)


async def _fewer_kinds(trial: Trial, budget: Budget) -> Trial:
    """Leave out halves, then quarters, down to single kinds, as long as what is left fails (delta debugging)."""
    size = (len(trial.kinds) + 1) // 2
    while size >= 1 and trial.kinds:
        smaller = await _first_to_fail([replace(trial, kinds=kinds) for kinds in _without(trial.kinds, size)], budget)
        if smaller is not None:
            trial = smaller
            size = min(size, (len(trial.kinds) + 1) // 2)
        elif size == 1:
            break
        else:
            size = (size + 1) // 2
    return trial


def _without(kinds: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(kinds[:start]) + tuple(kinds[start + size :]) for start in range(0, len(kinds), size)]


async def _fewer_calls(trial: Trial, budget: Budget) -> Trial:
    while trial.calls // 2 >= FEWEST_CALLS:
        half = replace(trial, calls=trial.calls // 2)
        if not await budget.is_seen_to_fail(half):
            break
        trial = half
    return trial


async def _first_to_fail(trials: Sequence[Trial], budget: Budget) -> Trial | None:
    for trial in trials:
        if await budget.is_seen_to_fail(trial):
            return trial
    return None
