"""The report on the stories of every finish reason: what it shows, and that no planted fault passes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.reasons.customer import RefusedError
from bench.reasons.report import is_proven, proven, table, write
from bench.reasons.story import CALLEE, OURS, Story, number
from bench.reasons.telling import Outcome, outcome_of
from calls.reasons import FinishReason as R
from calls.words import Phase

SILENCE = Story(
    name="Frank stays silent",
    reason=R.INACTIVITY_TIMEOUT,
    to_number=number(106),
    ended_by=OURS,
    evidence=("timer", "seconds"),
)
RIGHT = Outcome(
    story=SILENCE,
    call_id="c1",
    reason=R.INACTIVITY_TIMEOUT,
    status="ended",
    by="agent",
    phase=Phase.CONVERSATION,
    hung_up_by=OURS[0],
    evidence={"timer": "silence", "seconds": 10},
)
PLANTED = {
    "reason user_ended_call": replace(RIGHT, reason=R.USER_ENDED_CALL),
    "reason None": replace(RIGHT, reason=None),
    "reason inactivity_timeout": replace(RIGHT, story=replace(SILENCE, reason=R.AGENT_ENDED_CALL)),
    "status error": replace(RIGHT, status="error"),
    "phase dialling": replace(RIGHT, phase=Phase.DIALLING),
    "hung up by callee": replace(RIGHT, hung_up_by=CALLEE),
    "hung up by None": replace(RIGHT, hung_up_by=None),
    "no timer": replace(RIGHT, evidence={"seconds": 10}),
    "no timer, seconds": replace(RIGHT, evidence={}),
}


def test_a_run_that_is_right_is_proven() -> None:
    """What came out as the story has it is a line that says ok."""
    assert is_proven([RIGHT])
    assert proven([RIGHT]) == [R.INACTIVITY_TIMEOUT]
    shown = table([RIGHT], {})
    assert "\nok  ended/inactivity_timeout  ended/inactivity_timeout  api         Frank stays silent\n" in shown
    assert shown.endswith("1 of 26 reasons, 1 stories")


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_fails_the_run(fault: str) -> None:
    """A wrong expectation, another reason, somebody else's hangup and missing evidence each make the run fail."""
    wrong = PLANTED[fault]
    assert fault in wrong.faults
    assert not is_proven([RIGHT, wrong])
    assert wrong.story.reason not in proven([RIGHT, wrong])
    assert f"({'; '.join(wrong.faults)})" in table([RIGHT, wrong], {})
    assert "\nFAIL" in table([RIGHT, wrong], {})


def test_a_reason_without_a_story_is_shown_and_not_counted() -> None:
    """What nothing brings about is a line of its own."""
    shown = table([RIGHT], {R.LINE_BUSY: "a carrier"})
    assert "miss" in shown
    assert "waits for a carrier" in shown
    assert shown.endswith("1 of 26 reasons, 1 stories")


@pytest.mark.parametrize("error", [RefusedError("there is no call c1"), LookupError("not stored"), TimeoutError()])
async def test_a_story_that_breaks_off_fails_and_is_reported(error: Exception, tmp_path: Path) -> None:
    """One call that is missing is a line that says FAIL; the others are reported all the same."""

    async def telling() -> Outcome:
        raise error

    async def told() -> Outcome:
        return RIGHT

    outcomes = [await outcome_of(SILENCE, told()), await outcome_of(SILENCE, telling())]
    assert not is_proven(outcomes)
    assert proven(outcomes) == []
    assert f"({type(error).__name__}: {error})" in table(outcomes, {})
    file = tmp_path / "run" / "reasons.json"
    write(file, outcomes, {}, 1.0)
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert [story["faults"] for story in kept["stories"]] == [[], [f"{type(error).__name__}: {error}"]]
    assert kept["proven"] == []
