"""Handing a talk over: at the first pause, at the latest when the patience ends, and nothing is lost or said twice."""

import json
from datetime import timedelta

from calls.words import Role
from conversation.leaving import HANDOFF_HAND_OVER
from conversation.talk import Conversation
from tests.conversation.stage import WALL, Stage, plan

LONG = "This is a sentence of some length that is still being spoken."


def voice(on: str) -> str:
    """The callee's voice began or stopped."""
    return json.dumps({"type": "info", "name": "clientSpeaking", "value": on})


def test_a_pause_is_left_at_once() -> None:
    """With nobody speaking the relay session ends in the way that makes the carrier ask what comes next."""
    stage = Stage().begin()
    stage.answer(0, "Hello.")
    stage.play()
    stage.do(stage.talk.hand_over(10, stage.now))
    assert stage.relay.handoffs == [HANDOFF_HAND_OVER]
    assert stage.closes == [1001]
    assert stage.outcomes == []
    assert stage.talk.next_deadline(stage.now) is None


def test_the_agent_is_let_finish() -> None:
    """Words under way are spoken to their end, also those that the agent server still owes."""
    stage = Stage().begin()
    stage.agent(response_id=0, content=LONG)
    stage.play(10)
    stage.do(stage.talk.hand_over(60, stage.now))
    stage.play()
    assert stage.relay.handoffs == []
    stage.agent(response_id=0, content=" And the last.", content_complete=True)
    stage.play()
    assert stage.relay.handoffs == [HANDOFF_HAND_OVER]
    assert stage.said() == [(Role.AGENT, f"{LONG} And the last.", False)]


def test_the_callee_is_let_finish_and_is_answered_by_the_next() -> None:
    """What the callee says meanwhile is kept and not asked about here."""
    stage = Stage().begin()
    stage.answer(0, "Hello?")
    stage.play()
    stage.from_relay([voice("on")])
    stage.do(stage.talk.hand_over(60, stage.now))
    stage.wait(5)
    stage.from_relay([voice("off")])
    stage.wait(0.4)
    assert stage.relay.handoffs == []
    stage.from_relay(stage.relay.say("Who is this?")[-1:])
    assert stage.relay.handoffs == [HANDOFF_HAND_OVER]
    assert stage.asked() == []
    following = Stage()
    following.talk.resume(stage.stored, following.now)
    following.begin()
    assert [kind for kind, _ in following.asked()] == ["response_required"]
    assert following.last_transcript() == [("agent", "Hello?"), ("user", "Who is this?")]


def test_a_voice_without_words_is_not_waited_for_long() -> None:
    """Noise that ends without words holds nobody up."""
    stage = Stage().begin()
    stage.answer(0, "Hello?")
    stage.play()
    stage.from_relay([voice("on"), voice("off")])
    stage.do(stage.talk.hand_over(60, stage.now))
    stage.wait(2)
    assert stage.relay.handoffs == [HANDOFF_HAND_OVER]


def test_patience_ends() -> None:
    """Speech that goes on and on is cut where it is, and the record says what was heard."""
    stage = Stage().begin()
    stage.answer(0, LONG * 20)
    stage.play(10)
    stage.do(stage.talk.hand_over(3, stage.now))
    stage.wait(2.9)
    assert stage.relay.handoffs == []
    stage.wait(0.2)
    assert stage.relay.handoffs == [HANDOFF_HAND_OVER]
    assert stage.said() == [(Role.AGENT, LONG[:10].strip(), True)]


def test_what_is_told_after_leaving_is_kept() -> None:
    """The callee's last words and keys before the relay closed are in the record."""
    stage = Stage().begin()
    stage.answer(0, "Hello?")
    stage.play()
    stage.do(stage.talk.hand_over(3, stage.now))
    stage.from_relay([stage.relay.say("Wait!")[-1], json.dumps({"type": "dtmf", "digit": "7"})])
    stage.do(stage.talk.relay_closed(stage.now))
    assert [message.content for message in stage.stored] == ["Hello?", "Wait!", "(pressed 7)"]


def test_a_goodbye_ends_the_call_here() -> None:
    """A turn that ends the call does so, instead of being handed over."""
    stage = Stage().begin()
    stage.answer(0, "Goodbye.", end_call=True)
    stage.play(3)
    stage.do(stage.talk.hand_over(60, stage.now))
    stage.play()
    assert stage.reason == "agent_ended_call"
    assert stage.relay.handoffs == []


def test_a_relay_that_is_not_up_is_left_at_once() -> None:
    """Nothing was said yet, so nothing is waited for."""
    stage = Stage()
    stage.do(stage.talk.start(stage.now))
    stage.do(stage.talk.hand_over(60, stage.now))
    assert stage.relay.handoffs == [HANDOFF_HAND_OVER]
    assert stage.closes == [1001]


def test_ids_rise_over_sessions_without_a_message_between() -> None:
    """A session that asks and is lost before anything is spoken leaves no trace, and its ids are not used again."""
    first = Stage().begin()
    first.answer(0, "Hello?")
    first.play()
    first.say("Yes?")
    asked = [response_id for _, response_id in first.asked()]
    for seconds in (5, 6):
        following = Stage()
        following.talk = Conversation(plan(), following.now, WALL + timedelta(seconds=seconds))
        following.talk.resume(first.stored, following.now)
        following.begin()
        asked += [response_id for _, response_id in following.asked()]
    assert len(asked) == 3
    assert asked == sorted(set(asked))
