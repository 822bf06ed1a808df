"""Adds the finished calls of a running stack to the committed histories: one per direction and reason.

One that is there already stays as it is.

make up                                           # in one terminal, then place calls
python -m tests.workflows.record_histories        # in another
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from workflows.live_call import CallResult

FOLDER = Path(__file__).parent / "histories"
PREFIXES = {"OutboundCall": "", "InboundCall": "inbound_", "TakenUpCall": "taken_up_"}
"""What a history's file name begins with, by its workflow."""


async def record(stack: dict[str, str]) -> int:
    """How many histories were added, from the stack at these addresses."""
    client = await Client.connect(
        stack["temporal_address"], namespace=stack["temporal_namespace"], data_converter=pydantic_data_converter
    )
    added = 0
    async for found in client.list_workflows('ExecutionStatus = "Completed"'):
        if found.workflow_type not in PREFIXES:
            continue
        handle = client.get_workflow_handle(found.id, run_id=found.run_id, result_type=CallResult)
        result: CallResult = await handle.result()
        name = f"{PREFIXES[found.workflow_type]}{result.finish_reason or result.registration}.json"
        added += _keep(name, (await handle.fetch_history()).to_json())
    return added


def _keep(name: str, history: str) -> bool:
    """Write a history unless there is one of that name; whether it was written."""
    target = FOLDER / name
    if target.exists():
        return False
    target.write_text(history, encoding="utf-8")
    return True


def main() -> int:
    """Record from the stack in $RUN_DIR, or .run."""
    run_dir = Path(os.environ.get("RUN_DIR", ".run"))
    added = asyncio.run(record(json.loads((run_dir / "stack.json").read_text(encoding="utf-8"))))
    sys.stdout.write(f"{added} histories added to {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
