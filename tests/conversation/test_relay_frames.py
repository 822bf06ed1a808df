"""Bad relay frames and the relay's own errors."""

import json

import pytest

from tests.conversation.stage import Stage


def error(description: str) -> str:
    """An error frame."""
    return json.dumps({"type": "error", "description": description})


def test_undecodable_relay_frames() -> None:
    """Ten in a row end the call; a good one begins the count anew."""
    stage = Stage().begin()
    bad = ["{", "[]", '{"type":"prompt"}', '{"type":"dtmf","digit":"x"}', '{"type":5}', "x", "1", "{}", '{"type":null}']
    stage.from_relay([*bad, json.dumps({"type": "something new"}), *bad])
    assert stage.outcomes == []
    stage.do(stage.talk.relay_garbage(stage.now))
    assert stage.reason == "frontend_payload_corruption"
    assert stage.ended.evidence == {"bad_frames": 10}


@pytest.mark.parametrize(
    ("code", "reason"), [(64114, "speech_recognition_error"), (64109, "concurrent_call_limit_reached")]
)
def test_relay_errors_that_end_the_call(code: int, reason: str) -> None:
    """The carrier's code decides."""
    stage = Stage().begin()
    stage.from_relay([error(f"Something failed, code: {code}, details")])
    assert stage.reason == reason
    assert stage.ended.evidence == {"carrier_code": code}


def test_other_relay_errors_are_remembered() -> None:
    """A complaint about one message does not end the talk."""
    stage = Stage().begin()
    stage.from_relay([error("Invalid message received, code: 64107, {}"), error("odd")])
    assert stage.outcomes == []
    assert stage.talk.relay_error == 64107


def test_nothing_follows_an_ending() -> None:
    """After the end every input changes nothing."""
    stage = Stage().begin()
    stage.from_relay([error("code: 64114")])
    seen = (len(stage.to_agent), len(stage.stored), len(stage.closes))
    stage.say("Hello?")
    stage.answer(0, "Hello.")
    stage.do(stage.talk.agent_closed(1011, stage.now))
    stage.do(stage.talk.relay_garbage(stage.now))
    stage.do(stage.talk.wrap_up(15, stage.now))
    stage.wait(1000)
    stage.do(stage.talk.relay_closed(stage.now))
    assert (len(stage.to_agent), len(stage.stored), len(stage.closes)) == seen
    assert stage.reason == "speech_recognition_error"


def test_lone_surrogates_are_replaced() -> None:
    """Text that no store can encode does not get in."""
    stage = Stage().begin()
    stage.from_relay(['{"type":"prompt","voicePrompt":"a\\ud800b","last":true}'])
    assert stage.stored[0].content == "a?b"
