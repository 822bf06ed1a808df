"""One call on a running stack, and proof that everything it promised is there."""

import asyncio
import json
import os
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from runtime.embedded.gateway_client import CALLER, GatewayClient, connected
from runtime.embedded.part import REPOSITORY
from runtime.embedded.recipes import inherited
from runtime.embedded.stack import EmbeddedStack

CALLEE = "+14155550101"

_CALL_WITHIN_SECONDS = 120.0
_RECORD_WITHIN_SECONDS = 30.0
_LEAST_MESSAGES = 4


class DemoFailedError(Exception):
    """The call did not leave everything that it should have; the text lists what is missing."""


async def demonstrate(stack: EmbeddedStack, say: Callable[[str], None]) -> None:
    """Dial, watch, print the record, fetch the recording.

    Raises:
        DemoFailedError: Something that a call must leave is not there.
        GatewayError: The gateway answered what it should not have.
    """
    async with connected(stack.addresses) as client:
        exit_code = await _dial(stack)
        record = await _record(client)
        say(json.dumps(record, indent=2, ensure_ascii=False))
        faults = faults_of(record)
        if exit_code != 0:
            faults.insert(0, f"starter.py dial ended with exit code {exit_code}")
        if record.get("recorded_call_audio_url"):
            recording = stack.folder.path / "demo" / f"{record['call_id']}.wav"
            await client.download(record["recorded_call_audio_url"], recording)
            faults += listen(recording, say)
        say(f"Web UI     {web_ui(stack, record)}")
    if faults:
        raise DemoFailedError("the demo call is not complete: " + "; ".join(faults))


def web_ui(stack: EmbeddedStack, record: dict[str, Any]) -> str:
    """Where the call's workflow can be read."""
    addresses = stack.addresses
    workflow = quote(f"call-{record.get('call_id', '')}", safe="")
    return f"{addresses.temporal_ui_url}/namespaces/{addresses.temporal_namespace}/workflows/{workflow}"


async def _dial(stack: EmbeddedStack) -> int:
    """Place the call as a person would, on this terminal; answers the starter's exit code."""
    dial = await asyncio.create_subprocess_exec(
        *(sys.executable, "starter.py", "dial", "--from", CALLER, "--to", CALLEE, "--watch"),
        cwd=REPOSITORY,
        env={**inherited(), **stack.environment},
    )
    try:
        async with asyncio.timeout(_CALL_WITHIN_SECONDS):
            return await dial.wait()
    except TimeoutError:
        raise DemoFailedError(f"starter.py dial did not end within {_CALL_WITHIN_SECONDS:g} s") from None
    finally:
        if dial.returncode is None:
            dial.kill()
            await dial.wait()


async def _record(client: GatewayClient) -> dict[str, Any]:
    newest = await client.newest_call()
    if not newest:
        return newest
    return await client.complete_record(newest["call_id"], within_seconds=_RECORD_WITHIN_SECONDS)


def faults_of(record: dict[str, Any]) -> list[str]:
    """What a call's record lacks that it must have."""
    if not record:
        return ["no call was registered"]
    messages = len(record.get("messages") or [])
    promises = {
        "it has no call_finish_reason": bool(record.get("call_finish_reason")),
        f"it has {messages} messages, not {_LEAST_MESSAGES} or more": messages >= _LEAST_MESSAGES,
        "it has no recorded_call_audio_url": bool(record.get("recorded_call_audio_url")),
    }
    return [fault for fault, kept in promises.items() if not kept]


def listen(recording: Path, say: Callable[[str], None]) -> list[str]:
    """Read the recording as a player would."""
    try:
        with wave.open(os.fspath(recording)) as audio:
            seconds = audio.getnframes() / audio.getframerate()
            channels = audio.getnchannels()
    except (wave.Error, EOFError) as error:
        return [f"its recording {recording} is not playable: {error}"]
    say(f"Recording  {recording} ({seconds:.1f} s, {channels} channels)")
    return [] if seconds > 0 else [f"its recording {recording} is empty"]
