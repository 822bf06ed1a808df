"""Ending and transferring live calls from the command line, over the whole stack."""

import asyncio
import signal
import uuid

from runtime.embedded.stack import EmbeddedStack
from tests.starter.conftest import CALLER, FRANK, JUDY, Starter, ended, started


async def talking(stack: EmbeddedStack) -> tuple[str, asyncio.subprocess.Process]:
    """A call to Frank, who listens to whatever is said, once the agent has spoken; and who watches it."""
    call_id = f"frank-{uuid.uuid4().hex[:8]}"
    dial = ("dial", "--from", CALLER, "--to", FRANK, "--call-id", call_id, "--watch", "--json")
    watching = await started(*dial, environment=stack.environment)
    assert watching.stdout is not None
    async with asyncio.timeout(30):
        while b'"message"' not in (line := await watching.stdout.readline()):
            assert line, "the watching ended before anybody spoke"
    return call_id, watching


async def test_a_live_call_is_ended_once(starter: Starter, stack: EmbeddedStack) -> None:
    """The call takes the first request and is over for the second; whoever watches sees that it was asked for."""
    call_id, watching = await talking(stack)
    first = await starter("end", call_id, "--note", "enough", "--request-id", "r-1", "--json")
    assert first.json == {"call_id": call_id, "accepted": True, "queued": False, "why": ""}
    seen = await ended(watching)
    assert seen.code == 0, seen.err
    assert "end_requested" in [line["event"] for line in seen.lines]
    assert seen.lines[-1]["call"]["call_finish_reason"] == "agent_ended_call"
    second = await starter("end", call_id)
    assert second.code == 1
    assert "over" in second.out


async def test_a_live_call_is_transferred(starter: Starter, stack: EmbeddedStack) -> None:
    """A party of the call is refused with the reason; Judy takes the callee, and the record says so."""
    call_id, watching = await talking(stack)
    refused = await starter("transfer", call_id, "--to", FRANK)
    assert (refused.code, "party of this call" in refused.out) == (1, True)
    taken = await starter("transfer", call_id, "--to", JUDY, "--json")
    assert (taken.code, taken.json["accepted"]) == (0, True)
    seen = await ended(watching)
    assert [line["status"] for line in seen.lines if line["event"] == "transfer"] == ["requested", "bridged"]
    assert seen.lines[-1]["call"]["call_finish_reason"] == "call_transferred"


async def test_ctrl_c_leaves_a_watched_call_alone(starter: Starter, stack: EmbeddedStack) -> None:
    """Watching ends with 130 and says that the call goes on, and it does."""
    call_id, watching = await talking(stack)
    watching.send_signal(signal.SIGINT)
    left = await ended(watching)
    assert left.code == 130
    assert "goes on" in left.err
    assert (await starter("status", call_id, "--json")).json["call_status"] == "ongoing"
    assert (await starter("end", call_id)).code == 0


async def test_an_end_without_a_worker_is_queued(starter: Starter, stack: EmbeddedStack) -> None:
    """No worker answers: a transfer says so, an end waits at Temporal and happens when a worker is back."""
    call_id, watching = await talking(stack)
    worker = stack.parts["worker"]
    await worker.kill()
    try:
        transfer, queued = await asyncio.gather(
            starter("transfer", call_id, "--to", FRANK), starter("end", call_id, "--json")
        )
    finally:
        await worker.start()
    assert (queued.code, queued.json["queued"]) == (0, True), queued.err
    assert transfer.code == 5
    assert "worker" in transfer.err
    seen = await ended(watching)
    assert seen.lines[-1]["call"]["call_finish_reason"] == "agent_ended_call"
