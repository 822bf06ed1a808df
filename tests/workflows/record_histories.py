"""Adds histories of finished calls to the committed ones: one per direction and reason.

One that is there already stays as it is.

python -m tests.workflows.record_histories        # starts a stack of its own and brings about every reason
make up                                           # or in one terminal, then place calls
python -m tests.workflows.record_histories .run   # and in another
"""

import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecution
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.reasons.stories import STORIES
from bench.reasons.story import SETTINGS, SPEED
from bench.reasons.telling import tell
from runtime.embedded.stack import EmbeddedStack, StackOptions
from tests.end_to_end.customer import Customer
from workflows.live_call import CallResult
from workflows.sweep import Swept

FOLDER = Path(__file__).parent / "histories"
PREFIXES = {"OutboundCall": "", "InboundCall": "inbound_", "TakenUpCall": "taken_up_"}
"""What a history's file name begins with, by its workflow."""
DECIDED = "decided_"
"""What follows it where the end was of our own decision, whose record is written once the engine has accepted it."""
SWEEPS = {"RINGBACK_SWEEP_SECONDS": "2", "RINGBACK_SWEEP_GRACE_SECONDS": "1"}
CALLERS = ("+14155550101", "+14155550106", "+14155550107", "+14155550108")
PATIENT, LINE = "+14155550151", "+14155557400"
"""Somebody who keeps listening, and the number of ours that callers ring."""


async def record(stack: dict[str, Any]) -> int:
    """How many histories were added, from the stack at these addresses."""
    client = await Client.connect(
        stack["temporal_address"], namespace=stack["temporal_namespace"], data_converter=pydantic_data_converter
    )
    added = 0
    async for found in client.list_workflows('ExecutionStatus = "Completed"'):
        if found.workflow_type == "Sweep":
            added += await _record_sweep(client, found)
        if found.workflow_type not in PREFIXES:
            continue
        handle = client.get_workflow_handle(found.id, run_id=found.run_id, result_type=CallResult)
        result: CallResult = await handle.result()
        history = await handle.fetch_history()
        decided = DECIDED if any(_writes_the_record(event) for event in history.events) else ""
        name = f"{PREFIXES[found.workflow_type]}{decided}{result.finish_reason or result.registration}.json"
        added += _keep(name, history.to_json())
    return added


async def _record_sweep(client: Client, found: WorkflowExecution) -> int:
    """Keep a sweep that took something up."""
    handle = client.get_workflow_handle(found.id, run_id=found.run_id, result_type=Swept)
    swept: Swept = await handle.result()
    return _keep("sweep.json", (await handle.fetch_history()).to_json()) if swept.taken_up else 0


def _writes_the_record(event: HistoryEvent) -> bool:
    """Whether it begins a write of the record by an activity that is not local: of an end of our own decision."""
    begun = event.activity_task_scheduled_event_attributes.activity_type.name
    return begun in ("save_progress", "save_and_announce")


def _keep(name: str, history: str) -> bool:
    """Write a history unless there is one of that name; whether it was written."""
    target = FOLDER / name
    if target.exists():
        return False
    target.write_text(history, encoding="utf-8")
    return True


async def bring_about() -> int:
    """Tell the stories of all reasons, calls that come in, and calls whose workflow is terminated; then record."""
    with tempfile.TemporaryDirectory(prefix="histories-") as folder:
        options = StackOptions(run_dir=Path(folder), speed=SPEED, settings={**SETTINGS, **SWEEPS})
        async with EmbeddedStack(options) as stack, Customer(stack.addresses) as customer:
            await tell(list(STORIES), stack.addresses)
            await _come_in(customer)
            await _terminate(customer)
            await asyncio.sleep(30)  # recordings, and what follows them
            return await record(asdict(stack.addresses))


async def _come_in(customer: Customer) -> None:
    await customer.teach(PATIENT, {"name": "Listens", "lines": [{"text": "Go on.", "delay_seconds": 900}]})
    body = {"phone_number": LINE, "inbound_ai_agent_id": await customer.agent()}
    (await customer.http.post("/v1/phone-numbers", json=body)).raise_for_status()
    sids = [await customer.is_called(LINE, caller) for caller in (*CALLERS, PATIENT)]
    for sid in sids:
        await customer.registered(f"in-{sid}")
        await customer.ended(f"in-{sid}")


async def _terminate(customer: Customer) -> None:
    """One call that is hung up for it, and one that ends by itself before anybody looks."""
    addresses = customer.addresses
    client = await Client.connect(addresses.temporal_address, namespace=addresses.temporal_namespace)
    for number in (PATIENT, "+14155550102"):
        call_id = await customer.placed(number, await customer.agent())
        if number == PATIENT:
            await customer.talking(call_id)
        await client.get_workflow_handle(f"call-{call_id}").terminate("to be taken up")
        await customer.ended(call_id)


def main(arguments: list[str]) -> int:
    """Record from the stack in a run folder, or from one of its own."""
    if arguments:
        added = asyncio.run(record(json.loads((Path(arguments[0]) / "stack.json").read_text(encoding="utf-8"))))
    else:
        added = asyncio.run(bring_about())
    sys.stdout.write(f"{added} histories added to {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
