"""Whatever the peers send, nothing is raised and no deadline stands still."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.agent_frames import parse_agent_frame
from conversation.effects import Ended
from conversation.relay_frames import parse_relay_frame
from conversation.wire import UndecodableError, WronglyTypedError
from tests.conversation.stage import Stage

KEYS = [
    "type", "voicePrompt", "last", "digit", "utteranceUntilInterrupt", "description", "name", "value", "sessionId",
    "callSid", "customParameters", "response_type", "response_id", "content", "content_complete", "end_call",
    "transfer_number", "digit_to_press", "interrupt_id", "config", "agent_config", "metadata", "auto_reconnect",
    "reminder_trigger_ms", "reminder_max_count", "tool_call_id", "no_interruption_allowed", "call_details",
]  # fmt: skip
WORDS = [
    "setup", "prompt", "dtmf", "interrupt", "error", "info", "agentSpeaking", "clientSpeaking", "tokensPlayed", "on",
    "off", "config", "ping_pong", "response", "agent_interrupt", "tool_call_invocation", "tool_call_result",
    "update_agent", "metadata", "Hello there. ", "+14155550110", "#", "1", "code: 64107",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.integers(),
    st.floats(),
    st.sampled_from(WORDS),
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8)


@st.composite
def frames(draw: st.DrawFn) -> str:
    """Mostly objects that look like frames; sometimes their debris."""
    frame: dict[str, Any] = draw(OBJECTS)
    kind = draw(st.sampled_from(["type", "response_type"]))
    frame[kind] = draw(st.sampled_from(WORDS))
    text = json.dumps(frame)
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 9)) == 0 else text


@settings(max_examples=500, deadline=None)
@given(frames() | st.text(max_size=40))
def test_parsers_raise_only_their_own_errors(text: str) -> None:
    """A frame is read, undecodable, or wrongly typed."""
    for parse in (parse_relay_frame, parse_agent_frame):
        try:
            parse(text)
        except (UndecodableError, WronglyTypedError):
            continue


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), frames(), st.floats(0, 20)), max_size=25))
def test_any_frames_at_any_time(steps: list[tuple[bool, str, float]]) -> None:
    """A conversation survives every order of frames and pauses, and ends at most once."""
    stage = Stage().begin()
    for is_relay, text, pause in steps:
        take = stage.talk.relay_text if is_relay else stage.talk.agent_text
        stage.do(take(text, stage.now))
        stage.wait(pause)
        if stage.connects and stage.closes[-1:] == [1001]:
            stage.do(stage.talk.agent_connected(stage.now))
    assert sum(isinstance(outcome, Ended) for outcome in stage.outcomes) <= 1
    assert [message.seq for message in stage.stored] == list(range(len(stage.stored)))
    for message in stage.stored:
        assert message.content.encode()
        assert message.ended_at >= message.started_at
