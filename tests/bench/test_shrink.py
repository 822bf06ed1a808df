"""A failing run becomes a smaller failing run."""

from bench.chaos.shrink import Budget, Trial, shrink

KINDS = ("a", "b", "c", "d", "e", "f", "g")


def budget(needs: set[str], calls: int, *, runs: int = 100) -> Budget:
    """Runs that fail when all the needed kinds are on, and with so many calls at least."""

    async def fails(trial: Trial) -> bool:
        return needs <= set(trial.kinds) and trial.calls >= calls

    return Budget(fails, runs=runs, chances=1)


async def test_only_the_faults_that_matter_are_left() -> None:
    """Wherever they stand in the list, alone or together, and as few calls as halving finds."""
    for needs in ({"a"}, {"g"}, {"b", "f"}, {"a", "d", "g"}, set[str]()):
        found = await shrink(Trial(400, KINDS), budget(needs, 60))
        assert (set(found.kinds), found.calls) == (needs, 100)


async def test_what_is_never_seen_to_fail_again_is_given_back_whole() -> None:
    """A violation that was a matter of luck is not shrunk to something that shows nothing."""
    whole = Trial(400, KINDS)
    assert await shrink(whole, budget({"z"}, 0)) == whole


async def test_a_spent_budget_gives_the_smallest_so_far() -> None:
    """No run more than was allowed."""
    runs = list[Trial]()

    async def fails(trial: Trial) -> bool:
        runs.append(trial)
        return "a" in trial.kinds

    found = await shrink(Trial(400, KINDS), Budget(fails, runs=3, chances=1))
    assert len(runs) == 3
    assert "a" in found.kinds
    assert len(found.kinds) < len(KINDS)
