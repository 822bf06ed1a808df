"""The bugs that can be planted in the product's source."""

from pathlib import Path

import pytest

from bench.chaos.judge.verdict import INVARIANTS
from bench.chaos.plan import draw
from bench.chaos.planted import PLANTS, ROOT, Plant, plant


def test_every_invariant_has_a_bug_that_breaks_it() -> None:
    """One each; a second one would prove nothing more."""
    assert [bug.invariant for bug in PLANTS] == sorted(INVARIANTS)


@pytest.mark.parametrize("bug", PLANTS, ids=lambda bug: bug.bug)
def test_a_bug_can_be_planted(bug: Plant, tmp_path: Path) -> None:
    """The line is there once, in a copy that still compiles, and the source itself is left alone."""
    before = (ROOT / bug.file).read_text("utf-8")
    plant(bug, tmp_path / "source")
    changed = (tmp_path / "source" / bug.file).read_text("utf-8")
    compile(changed, bug.file, "exec")
    assert changed != before == (ROOT / bug.file).read_text("utf-8")


def test_the_seed_draws_calls_that_meet_the_bugs() -> None:
    """Without them the plants of orphans and of forgotten words would find nothing to break."""
    stories = {call.story for bug in PLANTS for call in draw(3, bug.calls, rate=2, only_faults=bug.faults).calls}
    assert {"stuck in the queue", "relay lost once"} <= stories


def test_a_plant_that_is_out_of_date_says_so(tmp_path: Path) -> None:
    """The source moved on."""
    gone = Plant(invariant=1, bug="none", file="workflows/dialling.py", right="no such line", wrong="")
    with pytest.raises(ValueError, match="0 times"):
        plant(gone, tmp_path / "source")
