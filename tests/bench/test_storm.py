"""What the storm asks of its callees: endings that hang on no race."""

import pytest

from bench.chaos.cast import CAST as ROLES
from bench.chaos.storm import MACHINES_PATIENCE_SECONDS, patient
from simulator.cast import CAST
from simulator.stories import Ear, Story


def of_the_cast(hears: set[Ear]) -> list[Story]:
    """Every callee whose machine detection hears one of these."""
    return [story for story in CAST.values() if story.verdict.hears in hears]


@pytest.mark.parametrize("story", of_the_cast({Ear.MACHINE, Ear.FAX}), ids=lambda story: story.name)
def test_a_machine_does_nothing_before_its_verdict_could_come(story: Story) -> None:
    """Neither what it says nor its hanging up is near the verdict; what else it is stays."""
    directed = Story.model_validate(patient(story.model_dump(mode="json")))
    if story.lines:
        assert directed.lines[0].delay_seconds == story.lines[0].delay_seconds + MACHINES_PATIENCE_SECONDS
    if story.hang_up_after_seconds:
        assert directed.hang_up_after_seconds == story.hang_up_after_seconds + MACHINES_PATIENCE_SECONDS
    assert directed.verdict == story.verdict
    assert [line.text for line in directed.lines] == [line.text for line in story.lines]


@pytest.mark.parametrize("story", of_the_cast({Ear.HUMAN, Ear.UNKNOWN}), ids=lambda story: story.name)
def test_people_are_as_they_are(story: Story) -> None:
    """Nobody who listens is slowed down: a storm among leisurely talks would prove less."""
    script = story.model_dump(mode="json")
    assert patient(script) == script


def test_what_a_role_leaves_out_is_left_out() -> None:
    """Scripts of the suite's own name only what differs."""
    for role in ROLES.values():
        if not isinstance(role.script, str):
            assert patient(dict(role.script)) == role.script
