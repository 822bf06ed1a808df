"""The page about webhooks holds a receiver that works, and lets nobody else in."""

import asyncio
import hashlib
import hmac
import json
import re
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"
SECRET = "a-secret-between-the-two-of-us"


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[tuple[str, asyncio.StreamReader]]:
    """The page's program, copied into a file of its own and run: its address, and what it prints."""
    programs = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(programs) == 1
    program = tmp_path / "receiver.py"
    program.write_text(programs[0])
    process = await asyncio.create_subprocess_exec(sys.executable, program, "0", SECRET, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        yield line.removeprefix("listening on ").strip(), process.stdout
    finally:
        process.terminate()
        await process.wait()


async def tell(address: str, event: str, *, secret: str = SECRET, age: timedelta = timedelta(0)) -> int:
    """Send it a webhook; the status of its answer."""
    call = {"call_id": "reminder-42", "call_finish_reason": "agent_ended_call"}
    body = json.dumps({"event": event, "traceId": f"trace of {event}", "call": call}).encode()
    sent = (datetime.now(UTC) - age).isoformat(timespec="milliseconds")
    digest = hmac.new(secret.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Webhook-Timestamp": sent, "X-Webhook-Signature": f"sha256={digest}"}
    async with httpx.AsyncClient(timeout=5) as http:
        return (await http.post(address, content=body, headers=headers)).status_code


async def test_the_receiver_of_the_page_handles_each_webhook_once(
    receiver: tuple[str, asyncio.StreamReader],
) -> None:
    """What comes twice is taken twice and handled once; a forged or an old one is refused and not handled."""
    address, printed = receiver
    assert await tell(address, "forged", secret="another") == 401
    assert await tell(address, "old", age=timedelta(minutes=6)) == 401
    assert [await tell(address, event) for event in ("first", "first", "second")] == [204, 204, 204]
    lines = [(await asyncio.wait_for(printed.readline(), 5)).decode() for _ in range(2)]
    assert lines == ["first reminder-42 agent_ended_call\n", "second reminder-42 agent_ended_call\n"]


async def test_the_receiver_of_the_page_refuses_what_has_no_signature(
    receiver: tuple[str, asyncio.StreamReader],
) -> None:
    """Whoever just posts something is nobody it knows."""
    address, _ = receiver
    async with httpx.AsyncClient(timeout=5) as http:
        assert (await http.post(address, content=b"{}")).status_code == 401
        assert (await http.post(address, headers={b"X-Webhook-Signature": "sha256=é".encode()})).status_code == 401
