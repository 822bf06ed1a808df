"""The talk as callee and agent have it: turns, speech, interruptions, and what happens after the words."""

import json

import pytest

from calls.words import Role
from conversation.effects import SendRelay, TransferAsked, VoicemailReported
from tests.conversation.stage import Stage, plan

HELLO = "Hello Alice, can you come tomorrow at ten?"


def test_alice_talks_with_the_agent() -> None:
    """A greeting, a prompt and an answer are asked for, spoken and recorded in order."""
    stage = Stage().begin()
    stage.answer(0, HELLO)
    stage.play()
    stage.say("Yes I will.")
    assert stage.asked() == [("response_required", 1)]
    assert stage.last_transcript() == [("agent", HELLO), ("user", "Yes I will.")]
    stage.answer(1, "Goodbye.", end_call=True)
    assert stage.outcomes == []
    stage.play()
    assert stage.said() == [
        (Role.AGENT, HELLO, False),
        (Role.USER, "Yes I will.", False),
        (Role.AGENT, "Goodbye.", False),
    ]
    assert [message.seq for message in stage.stored] == [0, 1, 2]
    assert stage.reason == "agent_ended_call"
    assert stage.closes == [1000]


def test_tokens_go_to_the_relay_as_they_come() -> None:
    """Content is passed on piece by piece, and an empty last piece closes the talk cycle."""
    stage = Stage().begin()
    frames = []
    for content, complete in (("Hel", False), ("lo. ", False), (None, True)):
        text = json.dumps({"response_id": 0, "content": content, "content_complete": complete, "end_call": None})
        frames += [json.loads(e.text) for e in stage.talk.agent_text(text, stage.now) if isinstance(e, SendRelay)]
    assert [(frame["token"], frame["last"]) for frame in frames] == [("Hel", False), ("lo. ", False), ("", True)]


def test_first_words_wait_for_the_relay() -> None:
    """What the agent says before the relay is up is spoken as soon as it is."""
    stage = Stage()
    stage.do(stage.talk.start(stage.now))
    assert stage.connects == [0]
    stage.do(stage.talk.agent_connected(stage.now))
    stage.answer(0, HELLO)
    stage.wait(60)
    assert not stage.relay.has_more
    stage.from_relay([stage.relay.setup()])
    stage.play()
    assert stage.said() == [(Role.AGENT, HELLO, False)]


def test_our_welcome_replaces_the_servers_first_words() -> None:
    """With a welcome message, the server's answer 0 is dropped."""
    stage = Stage(plan(welcome_message="Good morning.")).begin()
    stage.answer(0, HELLO)
    stage.play()
    assert stage.said() == [(Role.AGENT, "Good morning.", False)]


def test_erin_interrupts() -> None:
    """What was cut off was not said, and the rest of that answer is dropped."""
    stage = Stage().begin()
    stage.agent(response_id=0, content="Hello Erin, this is ")
    stage.play()
    stage.agent(response_id=0, content="the clinic calling about")
    stage.play(10)
    stage.say("Who is this?")
    stage.agent(response_id=0, content=" your appointment.", content_complete=True)
    assert not stage.relay.has_more
    assert stage.said()[0] == (Role.AGENT, "Hello Erin, this is the clinic", True)
    assert stage.asked() == [("response_required", 1)]


def test_interrupted_goodbye_does_not_hang_up() -> None:
    """An end that was wanted after the words is forgotten when the callee cuts in."""
    stage = Stage().begin()
    stage.answer(0, "Goodbye then.", end_call=True, transfer_number="+14155550110")
    stage.play(7)
    stage.say("Wait!")
    stage.wait(5)
    assert stage.outcomes == []
    assert stage.said()[0] == (Role.AGENT, "Goodbye", True)


def test_stale_answers_are_dropped() -> None:
    """Only the newest response id is taken."""
    stage = Stage().begin()
    stage.answer(0, "")
    stage.say("One.")
    stage.say("Two.")
    assert stage.asked() == [("response_required", 1), ("response_required", 2)]
    stage.answer(1, "To one.")
    stage.answer(2, "To two.")
    stage.answer(2, "Again.")
    stage.answer(3, "Early.")
    stage.play()
    assert "".join(stage.relay.spoken) == "To two."


def test_words_that_may_not_be_interrupted() -> None:
    """The callee's words are kept and asked about only after such speech."""
    stage = Stage().begin()
    stage.answer(0, "This call is recorded.", no_interruption_allowed=True)
    stage.play(5)
    stage.say("Hm.")
    assert stage.asked() == []
    stage.play()
    assert stage.asked() == [("response_required", 1)]
    assert stage.said() == [(Role.USER, "Hm.", False), (Role.AGENT, "This call is recorded.", False)]


def test_agent_interrupts_itself() -> None:
    """An agent_interrupt speaks over the turn under way, whose rest is dropped."""
    stage = Stage().begin()
    stage.agent(response_id=0, content="Let me tell you a long story.")
    stage.play(10)
    stage.agent(response_type="agent_interrupt", interrupt_id=1, content="Stop, ")
    stage.agent(response_type="agent_interrupt", interrupt_id=1, content="look.", content_complete=True)
    stage.agent(response_id=0, content=" It begins", content_complete=True)
    stage.play()
    assert stage.said() == [(Role.AGENT, "Let me tel", True), (Role.AGENT, "Stop, look.", False)]


def test_heidi_is_transferred() -> None:
    """A transfer is asked for after the words, and nothing is asked or counted while it runs."""
    stage = Stage().begin()
    stage.answer(0, "One moment.", transfer_number="+14155550110")
    stage.play()
    assert stage.outcomes == [TransferAsked("+14155550110", 0)]
    stage.say("Thank you")
    stage.wait(20)
    assert stage.asked() == []
    stage.do(stage.talk.transfer_failed(stage.now))
    assert stage.asked() == [("response_required", 1)]
    assert stage.last_transcript()[-1] == ("user", "(the transfer was not answered)")
    assert [bool(message.extra.get("injected")) for message in stage.stored] == [False, False, True]


def test_end_wins_over_transfer() -> None:
    """A turn that asks for both ends the call."""
    stage = Stage().begin()
    stage.answer(0, "Bye.", transfer_number="+14155550110", end_call=True)
    stage.play()
    assert stage.reason == "agent_ended_call"


def test_transfer_outside_the_allow_list_is_refused() -> None:
    """The agent is told as if nobody had answered."""
    stage = Stage(plan(transfer_allowed=frozenset({"+14155550110"}))).begin()
    for response_id, number in enumerate(("+14155550199", "+14155550101", "no number")):
        stage.answer(response_id, "One moment.", transfer_number=number)
        stage.play()
    assert stage.outcomes == []
    assert len(stage.asked()) == 3


def test_keys_go_both_ways() -> None:
    """Pressed keys become one utterance after a pause; the agent's own are pressed after its words."""
    stage = Stage().begin()
    stage.answer(0, "Dialling.", digit_to_press="12#")
    assert stage.relay.digits == []
    stage.play()
    assert stage.relay.digits == ["12#"]
    for digit in "42":
        stage.from_relay([json.dumps({"type": "dtmf", "digit": digit})])
    assert stage.asked() == []
    stage.wait(2)
    assert stage.last_transcript()[-1] == ("user", "(pressed 42)")
    assert stage.asked() == [("response_required", 1)]


def test_speech_without_words() -> None:
    """An empty prompt, or an interruption that nothing follows, is unintelligible and still answered."""
    stage = Stage().begin()
    stage.say("")
    assert stage.last_transcript() == [("user", "(unintelligible audio)")]
    stage.answer(1, "Sorry?")
    stage.play(2)
    stage.from_relay([*stage.relay.cut_in(), json.dumps({"type": "info", "name": "clientSpeaking", "value": "off"})])
    assert stage.asked()[-1] == ("response_required", 1)
    stage.wait(5)
    assert stage.asked()[-1] == ("response_required", 2)


def test_partial_prompts_ask_nothing() -> None:
    """Only the last prompt of an utterance counts, and it began when the first partial came."""
    stage = Stage().begin()
    stage.answer(0, "")
    for words in ("I", "I would"):
        stage.from_relay([json.dumps({"type": "prompt", "voicePrompt": words, "last": False})])
        stage.wait(1)
    assert stage.asked() == []
    stage.from_relay([json.dumps({"type": "prompt", "voicePrompt": "I would like that.", "last": True})])
    assert stage.asked() == [("response_required", 1)]
    assert (stage.stored[0].ended_at - stage.stored[0].started_at).total_seconds() == 2


def test_wrap_up_waits_for_the_sentence() -> None:
    """The notice is asked about when the agent's sentence was spoken, but not later than its patience."""
    stage = Stage().begin()
    stage.answer(0, "This is a sentence of some length that is still being spoken. " * 5)
    stage.play(10)
    stage.do(stage.talk.wrap_up(15, stage.now))
    assert stage.asked() == []
    stage.wait(6)
    assert stage.asked() == [("response_required", 1)]
    assert stage.last_transcript()[-1] == ("user", "(the call must end in 15 seconds)")


def test_agent_reports_a_voicemail_box() -> None:
    """The report is passed on, and the agent's end then has that reason."""
    stage = Stage().begin()
    stage.agent(response_type="metadata", metadata={"voicemail_detected": True})
    stage.answer(0, "Please call back.", end_call=True)
    stage.play()
    assert stage.outcomes[0] == VoicemailReported()
    assert stage.reason == "voicemail_detected"


def test_tool_calls_are_told_back_on_demand() -> None:
    """With the flag, asks carry a second transcript with the tool calls in place."""
    stage = Stage().begin()
    stage.agent(response_type="config", config={"transcript_with_tool_calls": True})
    stage.answer(0, "Hello.")
    stage.play()
    stage.agent(response_type="tool_call_invocation", tool_call_id="t1", name="look_up", arguments="{}")
    stage.agent(response_type="tool_call_result", tool_call_id="t1", content="found")
    stage.say("So?")
    ask = stage.to_agent[-1]
    assert [entry["role"] for entry in ask["transcript"]] == ["agent", "user"]
    roles = [entry["role"] for entry in ask["transcript_with_tool_calls"]]
    assert roles == ["agent", "tool_call_invocation", "tool_call_result", "user"]


def test_resumed_talk_goes_on() -> None:
    """A new session knows the transcript, says no greeting, and asks what was still to be answered under new ids."""
    first = Stage().begin()
    first.answer(0, HELLO)
    first.play()
    first.say("Yes.")
    first.do(first.talk.relay_closed(first.now))
    second = Stage()
    second.talk.resume(first.stored, second.now)
    second.begin()
    second.answer(0, HELLO)
    assert not second.relay.has_more
    [(kind, response_id)] = second.asked()
    assert kind == "response_required"
    assert response_id > 1
    assert second.last_transcript() == [("agent", HELLO), ("user", "Yes.")]
    second.answer(response_id, "Fine.")
    second.play()
    assert [message.seq for message in second.stored] == [2]


def test_resumed_after_a_failed_transfer() -> None:
    """The note is in the record and the agent answers it."""
    stage = Stage()
    stage.talk.resume([], stage.now, transfer_failed=True)
    stage.begin()
    assert stage.last_transcript() == [("user", "(the transfer was not answered)")]


def test_callee_hangs_up_mid_sentence() -> None:
    """What was heard until then is kept, and nothing is reported: the carrier tells whose doing it was."""
    stage = Stage().begin()
    stage.answer(0, HELLO)
    stage.play(11)
    stage.do(stage.talk.relay_closed(stage.now))
    assert stage.said() == [(Role.AGENT, "Hello Alice", True)]
    assert stage.outcomes == []
    assert stage.closes == [1000]
    assert stage.talk.next_deadline(stage.now) is None


SPEAKING, SILENT = (json.dumps({"type": "info", "name": "agentSpeaking", "value": value}) for value in ("on", "off"))


@pytest.mark.parametrize(("has_spoken_before", "stored"), [(False, []), (True, ["Hello Alice,", "This is"])])
def test_a_break_before_the_first_report(has_spoken_before: bool, stored: list[str]) -> None:
    """Nothing is guessed of what a relay would have reported; of one that spoke and reported nothing, it is."""
    stage = Stage().begin()
    if has_spoken_before:
        stage.answer(0, "Hello Alice,")
        stage.from_relay([SPEAKING, SILENT])
        stage.wait(2)
        stage.say("Yes?")
    stage.answer(int(has_spoken_before), "This is Oak Street Clinic.")
    stage.from_relay([SPEAKING])
    stage.wait(0.55)
    stage.do(stage.talk.relay_closed(stage.now))
    assert [content for role, content, _ in stage.said() if role is Role.AGENT] == stored


def test_relay_that_reports_nothing() -> None:
    """Without speaking events the end of speech is estimated, so that a goodbye still hangs up."""
    stage = Stage(reports=False).begin()
    stage.answer(0, "Goodbye and have a nice day.", end_call=True)
    stage.wait(10)
    assert stage.reason == "agent_ended_call"
    assert stage.said() == [(Role.AGENT, "Goodbye and have a nice day.", False)]


def test_missing_last_report_does_not_hang() -> None:
    """When speech stops with a report missing, a short pause settles it, and a late report is not recorded twice."""
    stage = Stage().begin()
    stage.answer(0, "Good morning to you.")
    frames = stage.relay.play(12)
    late = stage.relay.play()
    stage.from_relay([*frames, late[-1]])
    stage.wait(2)
    stage.from_relay(late[:-1])
    assert stage.said() == [(Role.AGENT, "Good morning to you.", False)]


def test_the_agent_is_voiced_in_the_language_it_is_spoken_to_in() -> None:
    """One of its others, however the relay spells it; back in its own, nothing is said of it."""
    stage = Stage(plan(language="multi", other_languages=("es-MX", "fr-FR"))).begin()
    stage.answer(0, "Hello?")
    langs = []
    for response_id, heard in enumerate(("es", "fr-CA", "en-US", "es-ES"), start=1):
        prompt = {"type": "prompt", "voicePrompt": "?", "lang": heard, "last": True}
        stage.play()
        stage.from_relay([json.dumps(prompt)])
        frame = {"response_id": response_id, "content": "Yes.", "content_complete": True}
        effects = stage.talk.agent_text(json.dumps(frame), stage.now)
        langs += [json.loads(effect.text).get("lang") for effect in effects if isinstance(effect, SendRelay)]
        stage.do(effects)
    assert langs == ["es-MX", "fr-FR", None, "es-MX"]
