"""The talk's own timers: each at its default and at its bounds, one second before and one second after."""

import pytest

from calls.policy import NO_INPUT_BOUNDS, SILENCE_BOUNDS, Policy
from conversation.plan import ConversationPlan
from tests.conversation.stage import Stage, plan

DEFAULT = Policy()
OF_THE_PLAN = ConversationPlan("c", "+14155550100", "+14155550101", "a")


def greeted(**changes: float) -> Stage:
    """The agent has said hello, and nobody reminds anybody."""
    stage = Stage(plan(reminder_max=0, **changes)).begin()
    stage.answer(0, "Hello?")
    stage.play()
    return stage


def test_the_plan_has_the_policys_defaults() -> None:
    """So that what is proven here of a plan holds for a call that sets nothing."""
    assert OF_THE_PLAN.silence_seconds == DEFAULT.silence_seconds
    assert OF_THE_PLAN.no_input_seconds == DEFAULT.no_input_seconds


@pytest.mark.parametrize("silence", [DEFAULT.silence_seconds, *SILENCE_BOUNDS])
def test_silence_after_talk(silence: float) -> None:
    """Counted from the last word of either side: a second before it the call goes on, a second after it has ended."""
    stage = greeted(silence_seconds=silence, no_input_seconds=NO_INPUT_BOUNDS.most)
    stage.say("Hi.")
    stage.answer(1, "Well?")
    stage.play()
    stage.wait(silence - 1)
    assert stage.outcomes == []
    stage.wait(2)
    assert (stage.reason, stage.ended.evidence["timer"]) == ("inactivity_timeout", "silence")


@pytest.mark.parametrize("no_input", [DEFAULT.no_input_seconds, NO_INPUT_BOUNDS.least + 1, NO_INPUT_BOUNDS.most])
def test_a_callee_who_is_never_heard(no_input: float) -> None:
    """Counted from the relay's coming up; the least the bounds allow is met by the time a callee has to answer."""
    stage = greeted(no_input_seconds=no_input, silence_seconds=SILENCE_BOUNDS.most * 2)
    stage.wait(no_input - 1)
    assert stage.outcomes == []
    stage.wait(2)
    assert (stage.reason, stage.ended.evidence["timer"]) == ("no_audio_input", "no_input")


def test_a_callee_always_has_the_time_to_answer() -> None:
    """At the least of its bounds the timer waits until the agent's words are five seconds old."""
    stage = Stage(plan(reminder_max=0, no_input_seconds=NO_INPUT_BOUNDS.least)).begin()
    stage.wait(4)
    stage.answer(0, "Hello?")
    stage.play()
    stage.wait(4)
    assert stage.outcomes == []
    stage.wait(2)
    assert stage.reason == "no_audio_input"


def test_a_key_is_heard_too() -> None:
    """A second before the time is up a key is enough."""
    stage = greeted(silence_seconds=SILENCE_BOUNDS.most * 2)
    stage.wait(DEFAULT.no_input_seconds - 1)
    stage.from_relay(['{"type": "dtmf", "digit": "1"}'])
    stage.wait(60)
    assert stage.outcomes == []


def test_a_reminder_comes_after_ten_seconds() -> None:
    """Of silence after the agent's words, and once."""
    stage = Stage().begin()
    stage.answer(0, "Hello?")
    stage.play()
    stage.wait(9)
    assert stage.asked() == []
    stage.wait(2)
    assert stage.asked() == [("reminder_required", 1)]


def test_a_turn_is_watched_for_fifteen_seconds() -> None:
    """Without a first word by then the agent server is nudged, once."""
    stage = greeted()
    stage.say("Hi.")
    stage.wait(14)
    assert stage.asked() == [("response_required", 1)]
    stage.wait(2)
    assert stage.asked() == [("response_required", 1), ("reminder_required", 2)]
    stage.wait(30)
    assert len(stage.asked()) == 2
