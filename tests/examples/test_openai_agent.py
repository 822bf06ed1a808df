"""The model's agent, started as its reader would start it, speaks the protocol with a model that follows a script."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from examples.openai_agent.prompting import HISTORY_CHARACTERS, HISTORY_ENTRIES, Brief, messages
from tests.examples.fake_completions import FakeCompletions, listening, text, tool

DETAILS = {
    "interaction_type": "call_details",
    "call": {"call_id": "c1", "retell_llm_dynamic_variables": {"customer_name": "Alice"}},
}


@pytest.fixture
async def model() -> AsyncIterator[FakeCompletions]:
    """The endpoint, with a script that a test may change."""
    async with listening() as fake:
        yield fake


@asynccontextmanager
async def agent(model: FakeCompletions, *options: str) -> AsyncIterator[str]:
    """The running example's address, as it prints it."""
    command = [sys.executable, "-m", "examples.openai_agent", "--port", "0", "--model", "m1"]
    command += ["--base-url", model.base_url, "--transfer-number", "+14155550110", *options]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env={**os.environ, "OPENAI_API_KEY": "k-made-up"}
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
    assert line.startswith("agent server listening on ws://127.0.0.1:")
    yield line.removeprefix("agent server listening on ")
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest.fixture
async def call(model: FakeCompletions) -> AsyncIterator[ClientConnection]:
    """One call's socket, past the config."""
    async with agent(model) as address, connect(f"{address}/c1", proxy=None) as connection:
        config = json.loads(await connection.recv())
        assert config["config"] == {
            "auto_reconnect": True,
            "call_details": True,
            "transcript_with_tool_calls": False,
        }
        yield connection


def ask(response_id: int, *said: str, kind: str = "response_required") -> dict[str, Any]:
    """A question after this was said: by the agent first, then by each in turn."""
    roles = ("agent", "user")
    transcript = [{"role": roles[index % 2], "content": words} for index, words in enumerate(said)]
    return {"interaction_type": kind, "response_id": response_id, "transcript": transcript}


async def chunks(connection: ClientConnection, frame: dict[str, Any]) -> list[dict[str, Any]]:
    """Send a frame and collect the answer's chunks, up to the complete one."""
    await connection.send(json.dumps(frame))
    received: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while not received or not received[-1]["content_complete"]:
            message = json.loads(await connection.recv())
            if message["response_type"] == "response":
                received.append(message)
    return received


def words(received: list[dict[str, Any]]) -> str:
    """What the chunks say together."""
    return "".join(chunk["content"] for chunk in received)


async def test_a_talk(model: FakeCompletions, call: ClientConnection) -> None:
    """The model finds the first words, knows who is called, and is given the talk so far with the key of the owner."""
    first = await chunks(call, DETAILS)
    assert words(first) == "Hello there."
    assert len(first) == 3
    assert {chunk["response_id"] for chunk in first} == {0}
    second = await chunks(call, ask(1, "Hello there.", "Who is this?"))
    assert {chunk["response_id"] for chunk in second} == {1}
    asked = model.asked[1]
    assert asked["model"] == "m1"
    assert asked["stream"] is True
    assert '"customer_name": "Alice"' in asked["messages"][0]["content"]
    assert asked["messages"][1:] == [
        {"role": "assistant", "content": "Hello there."},
        {"role": "user", "content": "Who is this?"},
    ]
    assert model.keys == ["Bearer k-made-up"] * 2


async def test_the_model_ends_the_call(model: FakeCompletions, call: ClientConnection) -> None:
    """`end_call` is said, shown as a tool call, and ends the call with the turn's last frame."""
    model.script = lambda _: tool("end_call", '{"say": "Good', 'bye, Alice."}')
    await call.send(json.dumps(ask(1, "Anything else?", "No.")))
    invocation = json.loads(await call.recv())
    while invocation["response_type"] == "ping_pong":
        invocation = json.loads(await call.recv())
    assert (invocation["response_type"], invocation["name"]) == ("tool_call_invocation", "end_call")
    said, last = json.loads(await call.recv()), json.loads(await call.recv())
    assert said["content"] == "Goodbye, Alice."
    assert not said["end_call"]
    assert last["content_complete"]
    assert last["end_call"]


async def test_the_model_puts_through(model: FakeCompletions, call: ClientConnection) -> None:
    """`transfer` goes to the owner's number, and what was said as text is not said again."""
    model.script = lambda _: text("Of course.") + tool("transfer", '{"say": "Of course."}')
    received = await chunks(call, ask(1, "Hello.", "A human, please."))
    assert words(received) == "Of course."
    assert received[-1]["transfer_number"] == "+14155550110"


async def test_a_newer_request_drops_the_older(model: FakeCompletions, call: ClientConnection) -> None:
    """An interruption hangs up on the model at once, and only the newer request is answered to its end."""
    model.held.clear()
    await call.send(json.dumps(ask(1, "Hello.", "Tell me everything.")))
    async with asyncio.timeout(10):
        while json.loads(await call.recv()).get("response_id") != 1:
            pass
        await call.send(json.dumps(ask(2, "Hello.", "Stop.")))
        await model.dropped.wait()
        model.held.set()
        frames = [json.loads(await call.recv())]
        while not frames[-1].get("content_complete"):
            frames.append(json.loads(await call.recv()))
    assert {frame["response_id"] for frame in frames if frame["response_type"] == "response"} == {2}


async def test_a_reminder(model: FakeCompletions, call: ClientConnection) -> None:
    """A reminder is put to the model as a note, after the talk so far."""
    await chunks(call, ask(3, "Hello.", kind="reminder_required"))
    assert model.asked[0]["messages"][-1]["content"].startswith("(The callee has been silent")


async def test_a_model_that_fails(model: FakeCompletions, call: ClientConnection) -> None:
    """A passing failure is asked again at once; one that stays is apologised for, and at last ends the call."""
    answers: list[Any] = [503, text("Yes.")]
    model.script = lambda _: answers.pop(0)
    assert words(await chunks(call, ask(1, "Hello.", "Are you there?"))) == "Yes."
    model.script = lambda _: 401
    endings = [(await chunks(call, ask(number, "Hello.", "Hm?")))[-1]["end_call"] for number in (2, 3, 4)]
    assert endings == [False, False, True]
    assert len(model.asked) == 5  # a wrong key is not tried twice


async def test_no_words(model: FakeCompletions, call: ClientConnection) -> None:
    """A turn in which the model says nothing, or uses a tool that does not exist, is no silence."""
    model.script = lambda _: tool("make_coffee", "{")
    assert "say that again" in words(await chunks(call, ask(1, "Hello.", "Coffee?")))


async def test_a_model_that_does_not_stop(model: FakeCompletions, call: ClientConnection) -> None:
    """An answer without an end is completed by us, and the model is hung up on."""
    model.script = lambda _: text(*(["and so on " * 10] * 1000))
    assert len(words(await chunks(call, ask(1, "Hello.", "Tell me everything.")))) < 2200
    await asyncio.wait_for(model.dropped.wait(), 10)


async def test_fixed_first_words(model: FakeCompletions) -> None:
    """With a greeting of its owner's the agent speaks without asking the model."""
    async with agent(model, "--greeting", "Good day!") as address, connect(f"{address}/c1", proxy=None) as connection:
        assert words(await chunks(connection, DETAILS)) == "Good day!"
    assert model.asked == []


def test_history_is_bounded() -> None:
    """The model is given the last entries of a long talk, and the very last whatever its length."""
    talk = [{"role": "user", "content": f"word {number}"} for number in range(1000)]
    told = messages(Brief(), {}, talk)
    assert len(told) == HISTORY_ENTRIES + 1
    assert told[-1]["content"] == "word 999"
    long = [{"role": "agent", "content": "Hm."}, {"role": "user", "content": "x" * (HISTORY_CHARACTERS + 1)}]
    assert [entry["role"] for entry in messages(Brief(), {}, long)] == ["system", "user"]
