"""What is done and told in which order, when words, pauses and wishes of the two sides overlap."""

import json
from datetime import timedelta

import pytest

from calls.words import Role
from tests.conversation.stage import WALL, Stage

GOODBYE = " that. You are booked. Goodbye!"


@pytest.mark.parametrize("rest", [GOODBYE, ""])
def test_a_goodbye_after_a_pause_is_heard_before_the_hangup(rest: str) -> None:
    """The relay held a word back for seven seconds; what comes then is not taken for spoken at once."""
    stage = _paused_in("Let me check")
    stage.wait(7)
    stage.answer(1, rest, end_call=True)
    stage.wait(1)
    assert stage.outcomes == []
    stage.play()
    assert stage.said()[-1] == (Role.AGENT, f"Let me check{rest}", False)
    assert stage.reason == "agent_ended_call"


def test_an_answer_goes_on_while_it_is_still_being_spoken() -> None:
    """Forty seconds of words at once, a tool for sixteen, and the rest: the rest does not cut off the first part."""
    words = "These are all the dates that we have. " * 16
    stage = Stage().begin()
    stage.answer(0, "")
    stage.say("When can I come?")
    stage.agent(response_id=1, content=words)
    for _ in range(4):
        stage.play(70)
        stage.wait(4)
    stage.agent(response_id=1, content="Which one?", content_complete=True)
    stage.play()
    assert stage.said()[1:] == [(Role.AGENT, f"{words}Which one?", False)]


def test_a_note_stands_behind_the_words_that_were_being_spoken() -> None:
    """The agent is asked to wrap up, and the last entry is what it shall answer."""
    stage = Stage().begin()
    stage.answer(0, "Let me tell you everything about it.")
    stage.play(10)
    stage.wait(0.5)
    stage.do(stage.talk.wrap_up(15, stage.now))
    stage.play()
    assert stage.last_transcript() == [
        ("agent", "Let me tell you everything about it."),
        ("user", "(the call must end in 15 seconds)"),
    ]


def test_a_question_over_words_that_go_on_is_answered_by_whoever_takes_over() -> None:
    """Asked while the agent must not be interrupted, stored before its words, and still open."""
    stage = Stage().begin()
    stage.answer(0, "This call is recorded for your safety.", no_interruption_allowed=True)
    stage.play(10)
    stage.wait(0.5)
    stage.say("Who is this?")
    stage.do(stage.talk.hand_over(20, stage.now))
    stage.play()
    stage.wait(2)
    assert stage.relay.handoffs
    assert [role for role, _, _ in stage.said()] == [Role.USER, Role.AGENT]
    other = Stage()
    other.talk.resume(stage.stored, other.now)
    other.begin()
    assert len(other.asked()) == 1
    assert other.last_transcript()[-1] == ("user", "Who is this?")


def test_tool_calls_keep_their_place_before_such_a_question() -> None:
    """With tool calls told too, the agent's words go before the question there as well."""
    stage = Stage().begin()
    stage.agent(response_type="config", config={"transcript_with_tool_calls": True})
    stage.agent(response_type="tool_call_invocation", tool_call_id="t", name="look", arguments="{}")
    stage.answer(0, "This call is recorded for your safety.", no_interruption_allowed=True)
    stage.play(10)
    stage.wait(0.5)
    stage.say("Who is this?")
    stage.play()
    told = [frame for frame in stage.to_agent if "transcript_with_tool_calls" in frame][-1]
    roles = [entry["role"] for entry in told["transcript_with_tool_calls"]]
    assert roles == ["tool_call_invocation", "agent", "user"]


def test_an_unfinished_answer_stands_behind_its_question() -> None:
    """The agent paused in its answer and goes on: what was heard of it is no prelude to what it answers."""
    stage = _paused_in("Let me check")
    stage.agent(response_id=1, content=" that for you.")
    stage.play(4)
    assert stage.last_transcript() == [("user", "Book it."), ("agent", "Let me")]


def test_whoever_cuts_in_is_not_hung_up_on() -> None:
    """The wish to end came without words of its own, while others were being spoken."""
    stage = Stage().begin()
    stage.answer(0, "Hello, this is the clinic.")
    stage.play(6)
    stage.agent(response_type="agent_interrupt", interrupt_id=1, content="", content_complete=True, end_call=True)
    stage.say("Wait, I have a question.")
    assert stage.outcomes == []
    assert stage.asked() == [("response_required", 1)]


def test_a_server_that_counts_its_interrupts_anew_is_heard() -> None:
    """After a reconnect its first interrupt has the number of the last connection's."""
    stage = Stage().begin()
    stage.answer(0, "")
    for words in ("One moment.", "Here I am again."):
        stage.agent(response_type="agent_interrupt", interrupt_id=1, content=words, content_complete=True)
        stage.play()
        stage.do(stage.talk.agent_closed(1006, stage.now))
        stage.do(stage.talk.agent_connected(stage.now))
    assert [words for _, words, _ in stage.said()] == ["One moment.", "Here I am again."]


def test_a_cough_does_not_begin_what_is_said_a_minute_later() -> None:
    """A voice that fell silent without a word is no part of the next utterance."""
    stage = Stage().begin()
    stage.answer(0, "Hello.")
    stage.play()
    stage.from_relay(_voice("on", "off"))
    stage.wait(8)
    stage.from_relay(_voice("on"))
    stage.wait(1)
    stage.from_relay(stage.relay.say("Hello?"))
    assert stage.stored[-1].started_at == WALL + timedelta(seconds=8)


def _paused_in(words: str) -> Stage:
    stage = Stage().begin()
    stage.answer(0, "")
    stage.say("Book it.")
    stage.wait(0.5)
    stage.agent(response_id=1, content=words)
    stage.play(len(words) - 5)
    stage.from_relay(stage.relay.pause())
    return stage


def _voice(*values: str) -> list[str]:
    return [json.dumps({"type": "info", "name": "clientSpeaking", "value": value}) for value in values]
