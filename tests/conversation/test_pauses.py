"""Turns that stop in the middle: the agent server thinks, says something else first, or leaves early."""

import json

from calls.words import Role
from conversation.effects import SendRelay
from conversation.leaving import HANDOFF_HAND_OVER
from tests.conversation.stage import Stage


def test_words_after_a_long_thought_are_heard() -> None:
    """Sixteen seconds in a tool, and the same answer goes on: it was never complete, and nobody asked anew."""
    stage = Stage().begin()
    stage.answer(0, "")
    stage.say("When is it?")
    stage.agent(response_id=1, content="Let me look that up. ")
    stage.play()
    stage.wait(16)
    stage.agent(response_id=1, content="It is at ten.", content_complete=True)
    stage.play()
    assert stage.asked() == [("response_required", 1)]
    assert stage.said()[1:] == [(Role.AGENT, "Let me look that up.", False), (Role.AGENT, "It is at ten.", False)]
    stage.answer(1, "Again.")
    assert not stage.relay.has_more


def test_a_thought_that_was_cut_into_is_over() -> None:
    """Whoever was interrupted after a break has nothing more to say in that answer."""
    stage = Stage().begin()
    stage.agent(response_id=0, content="Let me look that up, it is a long list of things.")
    stage.play(10)
    stage.wait(15)
    stage.say("Never mind.")
    stage.agent(response_id=0, content="It is at ten.", content_complete=True)
    stage.play()
    assert "ten" not in "".join(stage.relay.spoken)


def test_an_answer_after_an_interrupt_of_its_own_is_heard() -> None:
    """One moment, says the server unasked, before the first word of what it was asked: both are heard, in order."""
    stage = Stage().begin()
    stage.answer(0, "")
    stage.say("When is it?")
    stage.agent(response_type="agent_interrupt", interrupt_id=1, content="One moment.", content_complete=True)
    stage.play()
    stage.agent(response_id=1, content="It is ")
    stage.agent(response_type="agent_interrupt", interrupt_id=1, content="Too late.", content_complete=True)
    stage.agent(response_id=1, content="at ten.", content_complete=True)
    stage.play()
    assert stage.said()[1:] == [(Role.AGENT, "One moment.", False), (Role.AGENT, "It is at ten.", False)]


def test_an_answer_that_is_still_owed_is_asked_for_after_a_reconnect() -> None:
    """The server said one moment, and its connection broke."""
    stage = Stage().begin()
    stage.answer(0, "")
    stage.say("When is it?")
    stage.agent(response_type="agent_interrupt", interrupt_id=1, content="One moment.", content_complete=True)
    stage.play()
    stage.do(stage.talk.agent_closed(1006, stage.now))
    stage.do(stage.talk.agent_connected(stage.now))
    stage.wait(1)
    assert stage.asked() == [("response_required", 1), ("response_required", 2)]


def test_a_server_that_leaves_before_the_relay_is_up_is_heard() -> None:
    """An announcement: words, the wish to end, close 1000, all before the callee can hear anything."""
    stage = Stage()
    stage.do(stage.talk.start(stage.now))
    stage.do(stage.talk.agent_connected(stage.now))
    stage.answer(0, "Your parcel is here.", end_call=True)
    stage.do(stage.talk.agent_closed(1000, stage.now))
    assert stage.outcomes == []
    stage.from_relay([stage.relay.setup()])
    stage.play()
    assert stage.said() == [(Role.AGENT, "Your parcel is here.", False)]
    assert stage.reason == "agent_ended_call"


def test_a_cough_long_ago_keeps_no_hand_over_busy() -> None:
    """A voice without words, then a stop while the agent speaks: every deadline lies ahead, and the talk leaves."""
    stage = Stage().begin()
    stage.answer(0, "")
    for value in ("on", "off"):
        stage.from_relay([json.dumps({"type": "info", "name": "clientSpeaking", "value": value})])
    stage.wait(8)
    stage.agent(response_id=0, content="")
    stage.agent(response_type="agent_interrupt", interrupt_id=1, content="There is something else.")
    stage.play(5)
    stage.do(stage.talk.hand_over(20, stage.now))
    for _ in range(3):
        stage.now += 0.1
        stage.do(stage.talk.tick(stage.now))
        due = stage.talk.next_deadline(stage.now)
        assert due is not None
        assert due > stage.now
    stage.wait(21)
    assert stage.relay.handoffs == [HANDOFF_HAND_OVER]


def test_a_flood_of_interrupts_is_bounded() -> None:
    """What does not fit is not sent to the relay at all; the talk goes on."""
    stage = Stage().begin()
    stage.answer(0, "")
    sent = 0
    for number in range(1, 1000):
        frame = {
            "response_type": "agent_interrupt",
            "interrupt_id": number,
            "content": "Look.",
            "content_complete": True,
        }
        effects = stage.talk.agent_text(json.dumps(frame), stage.now)
        stage.do(effects)
        sent += sum(isinstance(effect, SendRelay) for effect in effects)
    assert sent == 100
    stage.play()
    stage.say("Stop!")
    stage.answer(1, "Yes.")
    stage.play()
    assert stage.said()[-1] == (Role.AGENT, "Yes.", False)


def test_tool_calls_that_are_told_back_are_bounded() -> None:
    """The latest are told, each shortened; what was spoken is always there."""
    stage = Stage().begin()
    stage.agent(response_type="config", config={"transcript_with_tool_calls": True})
    stage.answer(0, "Hello.")
    stage.play()
    for number in range(50):
        stage.agent(response_type="tool_call_result", tool_call_id=f"t{number}", content="x" * 100_000)
    stage.say("Well?")
    told = stage.to_agent[-1]["transcript_with_tool_calls"]
    assert len(json.dumps(told)) < 300_000
    tools = [entry for entry in told if entry["role"] == "tool_call_result"]
    assert tools[-1]["tool_call_id"] == "t49"
    assert len(tools) > 3
    assert [entry["content"] for entry in told if entry["role"] in ("agent", "user")] == ["Hello.", "Well?"]
