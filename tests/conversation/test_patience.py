"""Silence, reminders, watchdogs: what happens when nothing happens."""

import json

from tests.conversation.stage import Stage, plan


def test_frank_stays_silent() -> None:
    """The agent reminds once, and after the no-input time the call ends for want of any sound."""
    stage = Stage().begin()
    stage.answer(0, "Hello Frank?")
    stage.play()
    stage.wait(11)
    assert stage.asked() == [("reminder_required", 1)]
    stage.answer(1, "Are you there?")
    stage.play()
    stage.wait(40)
    assert stage.asked() == [("reminder_required", 1)]
    assert stage.outcomes == []
    stage.wait(10)
    assert stage.reason == "no_audio_input"


def test_silence_after_talk() -> None:
    """A callee who spoke and fell silent ends in inactivity, counted from the last word."""
    stage = Stage(plan(silence_seconds=30, reminder_max=0)).begin()
    stage.answer(0, "Hello?")
    stage.play()
    stage.say("Hi.")
    stage.answer(1, "Well?")
    stage.play()
    stage.wait(29)
    assert stage.outcomes == []
    stage.wait(2)
    assert stage.reason == "inactivity_timeout"
    assert stage.ended.evidence["timer"] == "silence"


def test_long_speech_is_no_silence() -> None:
    """While the callee's voice is on, nothing expires."""
    stage = Stage(plan(silence_seconds=10)).begin()
    stage.answer(0, "Hello?")
    stage.play()
    stage.from_relay([json.dumps({"type": "info", "name": "clientSpeaking", "value": "on"})])
    stage.wait(40)
    assert stage.outcomes == []
    assert stage.asked() == []


def test_reminders_count_per_silence_and_can_be_changed() -> None:
    """The server's settings replace ours, and the callee's voice begins a new count."""
    stage = Stage().begin()
    stage.agent(response_type="update_agent", agent_config={"reminder_trigger_ms": 3000, "reminder_max_count": 2})
    stage.answer(0, "Hello?")
    stage.play()
    for response_id in (1, 2, 3):
        stage.wait(4)
        stage.answer(response_id, "Hello?")
        stage.play()
    assert len(stage.asked()) == 2
    stage.say("Yes.")
    stage.answer(3, "Good.")
    stage.play()
    stage.wait(4)
    assert [kind for kind, _ in stage.asked()] == ["reminder_required"] * 2 + ["response_required", "reminder_required"]


def test_silent_agent_server_is_nudged_once() -> None:
    """A turn without a first chunk is asked again as a reminder, once; then the silence timers decide."""
    stage = Stage(plan(silence_seconds=60)).begin()
    stage.answer(0, "Hello?")
    stage.play()
    stage.say("Hi.")
    stage.wait(50)
    assert stage.asked() == [("response_required", 1), ("reminder_required", 2)]
    stage.wait(20)
    assert stage.reason == "inactivity_timeout"


def test_answer_that_breaks_off_counts_as_said() -> None:
    """A server that never completes its content loses the turn after the watchdog's time."""
    stage = Stage().begin()
    stage.agent(response_id=0, content="Goodbye.", end_call=True)
    stage.play()
    assert stage.outcomes == []
    stage.wait(16)
    assert stage.reason == "agent_ended_call"


def test_nothing_is_asked_before_the_relay_is_up() -> None:
    """The clocks of the talk stand still while the phone is not connected."""
    stage = Stage()
    stage.do(stage.talk.start(stage.now))
    stage.do(stage.talk.agent_connected(stage.now))
    stage.wait(1000)
    assert stage.asked() == []
    assert stage.outcomes == []
