"""The example agent, started as its reader would start it, speaks the protocol."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from examples.appointment_reminder.dialogue import Dialogue

DETAILS = {
    "interaction_type": "call_details",
    "call": {"call_id": "c1", "retell_llm_dynamic_variables": {"customer_name": "Alice"}},
}


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """The running example's address, as it prints it."""
    command = (sys.executable, "-m", "examples.appointment_reminder", "--port", "0")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
    assert line.startswith("agent server listening on ws://127.0.0.1:")
    yield line.removeprefix("agent server listening on ")
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0


@asynccontextmanager
async def talking(address: str) -> AsyncIterator[ClientConnection]:
    """One call's socket, past the config."""
    async with connect(f"{address}/c1", proxy=None) as connection:
        config = json.loads(await connection.recv())
        assert config["response_type"] == "config"
        assert config["config"]["auto_reconnect"] is True
        assert config["config"]["call_details"] is True
        yield connection


async def turn(connection: ClientConnection, frame: dict[str, Any]) -> list[dict[str, Any]]:
    """Send a frame and collect the answer's chunks."""
    await connection.send(json.dumps(frame))
    chunks: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while not chunks or not chunks[-1]["content_complete"]:
            received = json.loads(await connection.recv())
            if received["response_type"] == "response":
                chunks.append(received)
    return chunks


def words(chunks: list[dict[str, Any]]) -> str:
    """What the chunks say together."""
    return "".join(chunk["content"] for chunk in chunks)


def ask(response_id: int, said: str, kind: str = "response_required") -> dict[str, Any]:
    """A question after the callee said something."""
    return {
        "interaction_type": kind,
        "response_id": response_id,
        "transcript": [{"role": "user", "content": said}],
    }


async def test_a_call(address: str) -> None:
    """It greets by name, streams its answers, and ends the call by itself."""
    async with talking(address) as connection:
        first = await turn(connection, DETAILS)
        assert words(first).startswith("Hello Alice, this is")
        assert len(first) > 2
        assert {chunk["response_id"] for chunk in first} == {0}
        confirmed = await turn(connection, ask(1, "Yes, I can."))
        assert "booked" in words(confirmed)
        assert not confirmed[-1]["end_call"]
        goodbye = await turn(connection, ask(2, "No, that is all, goodbye"))
        assert goodbye[-1]["end_call"] is True
        assert goodbye[-1]["response_id"] == 2


async def test_reminder_and_keep_alive(address: str) -> None:
    """It answers a reminder, and sends keep-alives unasked."""
    async with talking(address) as connection:
        assert json.loads(await connection.recv())["response_type"] == "ping_pong"
        assert "still there" in words(await turn(connection, ask(1, "", "reminder_required")))


async def test_health(address: str) -> None:
    """Its health page says that it is up."""
    host, port = address.removeprefix("ws://").split("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("I would like to reschedule", "Thursday"),
        ("No, I can't.", "Thursday"),
        ("(unintelligible audio)", "did not catch"),
        ("(the transfer was not answered)", "colleagues are busy"),
        ("I don't know", "ask again"),
    ],
)
def test_script(said: str, answer: str) -> None:
    """The script answers by keyword."""
    assert answer in Dialogue("+14155550110").answer(said).words


@pytest.mark.parametrize(
    "said", ["Please leave a message after the tone", "(the call must end in 15 seconds)", "Goodbye."]
)
def test_script_ends(said: str) -> None:
    """A voicemail box, a call out of time and a goodbye end the call."""
    assert Dialogue("+14155550110").answer(said).end_call


def test_script_tires() -> None:
    """Whatever is said, the call comes to an end by itself."""
    dialogue = Dialogue("+14155550110")
    assert any(dialogue.answer("hmm").end_call for _ in range(6))


def test_human() -> None:
    """Who wants a human is put through."""
    assert Dialogue("+14155550110").answer("Can I talk to a person?").transfer_number == "+14155550110"
