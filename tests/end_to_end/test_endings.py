"""The default cast, called over HTTP: every record says what the carrier's ledger says."""

import asyncio
import io
import wave
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.customer import Customer

HANG_UP = {"action": "hang_up"}
LEAVE_MESSAGE = {"action": "leave_message", "message": "Please call us back about your appointment."}


STUBBORN = "talks-on"
"""The agent server that never ends a call."""
SHY = "lets-them-talk"
"""The agent server that says nothing: the example agent would notice by the greeting that this is a machine."""


class Expectation(NamedTuple):
    """One call of the cast: whom, with which agent, and how it must end."""

    to_number: str
    agent: dict[str, Any]
    reason: str
    status: str


CAST = {
    "Alice talks until the agent ends the call": Expectation("+14155550101", {}, "agent_ended_call", "ended"),
    "Bob's line is busy": Expectation("+14155550102", {}, "line_busy", "error"),
    "Carol's machine picks up": Expectation(
        "+14155550103", {"voicemail": HANG_UP, "llm_websocket_url": SHY}, "answering_machine_detected", "ended"
    ),
    "Dave never answers": Expectation("+14155550104", {"ring_timeout_seconds": 5}, "no_answer", "error"),
    "Erin interrupts": Expectation("+14155550105", {}, "agent_ended_call", "ended"),
    "Frank stays silent": Expectation(
        "+14155550106", {"end_call_after_silence_seconds": 10}, "inactivity_timeout", "ended"
    ),
    "Grace hangs up": Expectation("+14155550107", {}, "user_ended_call", "ended"),
    "Heidi asks for a human": Expectation("+14155550108", {}, "call_transferred", "ended"),
    "Ivan's number does not exist": Expectation("+14155550109", {}, "call_failed", "error"),
    "a message is left on a machine": Expectation(
        "+14155550126", {"voicemail": LEAVE_MESSAGE, "llm_websocket_url": SHY}, "voicemail_detected", "ended"
    ),
    "the agent talks on and on": Expectation(
        "+14155550162", {"llm_websocket_url": STUBBORN}, "maximum_duration_exceeded", "ended"
    ),
    "the agent server is down": Expectation(
        "+14155550161", {"llm_websocket_url": "ws://127.0.0.1:9/nobody"}, "llm_websocket_initialization_error", "error"
    ),
    "the carrier never leaves its queue": Expectation("+14155550122", {}, "registered_call_timed_out", "error"),
}


@pytest.fixture(scope="module")
async def calls(customer: Customer, agent_servers: str) -> dict[str, str]:
    """The whole cast, called at once: call ids by story."""
    agents = {}
    for name, expected in CAST.items():
        known = {server: f"{agent_servers}/{server}" for server in (STUBBORN, SHY)}
        agents[name] = await customer.agent(
            **{key: known.get(str(value), value) for key, value in expected.agent.items()}
        )
    placed = await asyncio.gather(
        *(customer.placed(expected.to_number, agents[name]) for name, expected in CAST.items())
    )
    return dict(zip(CAST, placed, strict=True))


@pytest.mark.parametrize("name", CAST)
async def test_a_call_of_the_cast(customer: Customer, calls: dict[str, str], name: str) -> None:
    """The record has the reason and status of the story, one ring, and what was said is what was heard."""
    expected = CAST[name]
    call = await customer.ended(calls[name])
    assert (call["call_finish_reason"], call["call_status"]) == (expected.reason, expected.status)
    assert len(await customer.ledger(expected.to_number)) == 1


async def test_an_answered_call_leaves_a_whole_record(customer: Customer, calls: dict[str, str]) -> None:
    """Messages as they were heard, a duration, and a recording that plays, of the call's length, on two channels."""
    call = await customer.recorded(calls["Alice talks until the agent ends the call"])
    (leg,) = await customer.ledger("+14155550101")
    heard = [(said["role"], said["text"].strip()) for said in leg["spoken"]]
    told = [(message["role"], message["content"].strip()) for message in call["messages"]]
    assert len(told) >= 4
    assert heard[: len(told)] == told
    # What the callee says while we hang up, after the talk has come to its end, is nobody's to write down.
    assert {role for role, _ in heard[len(told) :]} <= {"user"}
    with wave.open(io.BytesIO(await customer.download(call["recorded_call_audio_url"]))) as audio:
        assert audio.getnchannels() == 2
        assert audio.getnframes() > 0
    assert call["call_duration_seconds"] > 0


async def test_what_an_interrupted_agent_said_is_cut_where_it_was_cut(
    customer: Customer, calls: dict[str, str]
) -> None:
    """Erin's record holds the words she heard, and not the ones she talked over."""
    call = await customer.ended(calls["Erin interrupts"])
    (leg,) = await customer.ledger("+14155550105")
    cut = [said["text"].strip() for said in leg["spoken"] if said["interrupted"]]
    assert cut
    told = [message["content"].strip() for message in call["messages"] if message.get("interrupted")]
    assert told == cut


async def test_the_message_is_heard_after_the_beep(customer: Customer, calls: dict[str, str]) -> None:
    """What is left on the machine is the agent's message, once, and then the carrier hangs up."""
    await customer.ended(calls["a message is left on a machine"])
    (leg,) = await customer.ledger("+14155550126")
    assert [said["text"] for said in leg["spoken"] if said["text"] == LEAVE_MESSAGE["message"]] == [
        LEAVE_MESSAGE["message"]
    ]
