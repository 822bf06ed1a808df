"""Every way of losing the agent server gives its reason, or goes on."""

import pytest

from tests.conversation.stage import Stage


def connected(*, auto_reconnect: bool = False) -> Stage:
    """A stage whose server said its config and first words."""
    stage = Stage().begin()
    stage.agent(response_type="config", config={"auto_reconnect": auto_reconnect, "call_details": True})
    stage.answer(0, "Hello.")
    stage.play()
    return stage


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1000, "agent_ended_call"),
        (1005, "llm_websocket_initialization_error"),
        (1007, "llm_websocket_payload_corruption"),
        (1001, "llm_websocket_runtime_error"),
        (1011, "llm_websocket_runtime_error"),
        (4000, "llm_websocket_runtime_error"),
    ],
)
def test_close_codes(code: int, reason: str) -> None:
    """A close code that is not answered by a reconnect is a reason, with the code as evidence."""
    stage = connected()
    stage.do(stage.talk.agent_closed(code, stage.now))
    assert stage.reason == reason
    assert stage.ended.evidence["close_code"] == code


def test_words_are_finished_before_the_end() -> None:
    """A server that leaves while its last words are spoken does not cut them off."""
    stage = connected()
    stage.say("Bye.")
    stage.answer(1, "Goodbye, Alice.")
    stage.do(stage.talk.agent_closed(1000, stage.now))
    assert stage.outcomes == []
    stage.play()
    assert stage.reason == "agent_ended_call"
    assert stage.stored[-1].content == "Goodbye, Alice."


def test_transfer_outlives_the_socket() -> None:
    """A server that asks for a transfer and leaves gets the transfer."""
    stage = connected()
    stage.say("A human, please.")
    stage.answer(1, "One moment.", transfer_number="+14155550110")
    stage.do(stage.talk.agent_closed(1000, stage.now))
    stage.play()
    assert len(stage.outcomes) == 1
    stage.do(stage.talk.transfer_failed(stage.now))
    assert stage.reason == "agent_ended_call"


def test_server_that_is_never_reached() -> None:
    """Three attempts, three seconds apart."""
    stage = Stage()
    stage.do(stage.talk.start(stage.now))
    for _ in range(3):
        stage.do(stage.talk.agent_failed("refused", stage.now))
    assert stage.connects == [0, 3.0, 3.0]
    assert stage.reason == "llm_websocket_initialization_error"
    assert stage.ended.evidence == {"attempts": 3, "error": "refused"}


def test_broken_connection_asks_the_open_turn_again() -> None:
    """After 1006 the open turn is asked under a new id with the same transcript, and the old answer is stale."""
    stage = connected()
    stage.say("And?")
    stage.do(stage.talk.agent_closed(1006, stage.now))
    assert stage.connects == [0, 0]
    stage.do(stage.talk.agent_connected(stage.now))
    assert stage.asked() == [("response_required", 1)]
    stage.agent(response_type="config", config={"call_details": True})
    assert stage.asked() == [("response_required", 1), ("response_required", 2)]
    assert [frame["interaction_type"] for frame in stage.to_agent].count("call_details") == 2
    stage.answer(0, "Hello again.")
    stage.answer(1, "Stale.")
    stage.answer(2, "And so on.")
    stage.play()
    assert "".join(stage.relay.spoken) == "Hello.And so on."


def test_half_an_answer_is_not_said_again() -> None:
    """What was already sent to speech is spoken and told before the turn is asked again."""
    stage = connected()
    stage.say("And?")
    stage.agent(response_id=1, content="First of all, ")
    stage.do(stage.talk.agent_closed(1006, stage.now))
    stage.do(stage.talk.agent_connected(stage.now))
    stage.wait(1)
    assert stage.asked()[-1] == ("response_required", 1)
    stage.play()
    assert stage.asked()[-1] == ("response_required", 2)
    assert stage.last_transcript()[-1] == ("agent", "First of all,")


def test_connection_that_keeps_breaking() -> None:
    """Four reconnects, then it is the server's fault."""
    stage = connected()
    for _ in range(4):
        stage.do(stage.talk.agent_closed(1006, stage.now))
        stage.do(stage.talk.agent_connected(stage.now))
    assert stage.outcomes == []
    stage.do(stage.talk.agent_closed(1006, stage.now))
    assert stage.reason == "llm_websocket_runtime_error"


def test_keep_alives() -> None:
    """Ours go out every two seconds; without theirs for five, we reconnect twice and then give up."""
    stage = connected(auto_reconnect=True)
    for round_number in range(3):
        for _ in range(2):
            stage.wait(4)
            stage.agent(response_type="ping_pong", timestamp=1)
        stage.wait(5.1)
        assert stage.closes == [1001] * (round_number + 1) + ([1000] if round_number == 2 else [])
        stage.do(stage.talk.agent_connected(stage.now))
        stage.agent(response_type="config", config={"auto_reconnect": True})
    assert stage.reason == "llm_websocket_connection_lost"
    pings = [frame for frame in stage.to_agent if frame["interaction_type"] == "ping_pong"]
    assert len(pings) >= 3 * 6
    assert pings[0]["timestamp"] > 1_700_000_000_000


def test_no_keep_alives_without_auto_reconnect() -> None:
    """A server that does not ask for them gets none and owes none."""
    stage = connected()
    stage.wait(9)
    assert not [frame for frame in stage.to_agent if frame["interaction_type"] == "ping_pong"]
    assert stage.closes == []


def test_reconnect_that_fails() -> None:
    """A server that was there and cannot be reached again is lost."""
    stage = connected()
    stage.do(stage.talk.agent_closed(1006, stage.now))
    for _ in range(3):
        stage.do(stage.talk.agent_failed("refused", stage.now))
    assert stage.reason == "llm_websocket_connection_lost"


def test_binary_frame() -> None:
    """The protocol has text only."""
    stage = connected()
    stage.do(stage.talk.agent_binary(stage.now))
    assert stage.reason == "llm_websocket_payload_corruption"
    assert stage.closes[0] == 1007


def test_undecodable_frames() -> None:
    """Nine are forgiven, ten in a row are not, and a good one in between begins the count anew."""
    stage = connected()
    for _ in range(9):
        stage.do(stage.talk.agent_text("{", stage.now))
    stage.agent(response_type="ping_pong", timestamp=1)
    for text in ("[]", "nonsense", "[" * 100_000, "1", '"x"', "null", "", "{]", "{}x"):
        stage.do(stage.talk.agent_text(text, stage.now))
    assert stage.outcomes == []
    stage.do(stage.talk.agent_text("{", stage.now))
    assert stage.reason == "llm_websocket_payload_corruption"


@pytest.mark.parametrize(
    "frame",
    [
        {"response_id": "1", "content": "x"},
        {"response_id": True, "content": "x"},
        {"response_id": 1, "content": ["x"]},
        {"response_id": 1, "content": "x", "end_call": "yes"},
        {"response_id": 1, "content": "x", "digit_to_press": "one"},
        {"response_id": None, "content": "x"},
        {"response_type": "config", "config": []},
        {"response_type": 5},
        {"response_type": "update_agent", "agent_config": {"reminder_trigger_ms": -1}},
        {"response_type": "something new"},
    ],
)
def test_wrongly_typed_frames_are_dropped_alone(frame: dict[str, object]) -> None:
    """The socket stays and the turn can still be answered."""
    stage = connected()
    stage.say("Well?")
    for _ in range(12):
        stage.agent(**frame)
    stage.answer(1, "Well.")
    stage.play()
    assert stage.stored[-1].content == "Well."
    assert stage.outcomes == []
