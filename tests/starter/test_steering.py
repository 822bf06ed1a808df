"""Ending and transferring live calls from the command line, over the whole stack."""

import asyncio
import signal
import uuid
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.models import Registration
from runtime.embedded.stack import EmbeddedStack
from tests.starter.conftest import ALICE, CALLER, FRANK, JUDY, Ended, Starter, ended, started
from workflows.live_call import CallResult
from workflows.names import workflow_id


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


async def test_without_a_worker_nothing_is_lost_or_dialled(starter: Starter, stack: EmbeddedStack) -> None:
    """An end waits at Temporal for the next worker; a transfer and a dial say so, and that dial never happens."""
    call_id, watching = await talking(stack)
    worker = stack.parts["worker"]
    await worker.kill()
    try:
        transfer, queued, dial, interrupted = await asyncio.gather(
            starter("transfer", call_id, "--to", FRANK),
            starter("end", call_id, "--json"),
            starter("dial", "--from", CALLER, "--to", ALICE, "--call-id", "no-worker", "--json"),
            interrupted_dial(stack, "changed-my-mind"),
        )
    finally:
        await worker.start()
    assert (queued.code, queued.json["queued"]) == (0, True), queued.err
    for refused in (transfer, dial):
        assert (refused.code, "worker" in refused.err) == (5, True), refused.err
    assert (interrupted.code, "never will be" in interrupted.err) == (130, True), interrupted.err
    seen = await ended(watching)
    assert seen.lines[-1]["call"]["call_finish_reason"] == "agent_ended_call"
    for never in ("no-worker", "changed-my-mind"):
        assert (await outcome(stack, never)).registration is not Registration.CREATED
        assert (await starter("status", never)).code == 3


async def interrupted_dial(stack: EmbeddedStack, call_id: str) -> Ended:
    """A dial that is interrupted when its workflow waits for a worker already."""
    dial = ("dial", "--from", CALLER, "--to", ALICE, "--call-id", call_id)
    dialling = await started(*dial, environment=stack.environment)
    client = await Client.connect(stack.addresses.temporal_address)
    async with asyncio.timeout(30):
        # Nothing tells of a workflow that somebody else starts: it is looked for.
        while not (await client.count_workflows(f"WorkflowId = '{workflow_id(call_id)}'")).count:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.1)
    dialling.send_signal(signal.SIGINT)
    return await ended(dialling)


async def outcome(stack: EmbeddedStack, call_id: str) -> CallResult:
    """What became of a call's workflow."""
    client = await Client.connect(stack.addresses.temporal_address, data_converter=pydantic_data_converter)
    async with asyncio.timeout(30):
        handle: WorkflowHandle[Any, CallResult] = client.get_workflow_handle(
            workflow_id(call_id), result_type=CallResult
        )
        return await handle.result()
