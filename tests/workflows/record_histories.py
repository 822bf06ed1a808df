"""Adds the finished calls of a running stack to the committed histories: one per finish reason that has none yet.

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

from workflows.outbound_call import CallResult

FOLDER = Path(__file__).parent / "histories"


async def record(stack_file: Path) -> int:
    """How many histories were added."""
    stack = json.loads(stack_file.read_text(encoding="utf-8"))
    client = await Client.connect(
        stack["temporal_address"], namespace=stack["temporal_namespace"], data_converter=pydantic_data_converter
    )
    added = 0
    async for found in client.list_workflows('WorkflowType = "OutboundCall" AND ExecutionStatus = "Completed"'):
        handle = client.get_workflow_handle(found.id, run_id=found.run_id, result_type=CallResult)
        result: CallResult = await handle.result()
        target = FOLDER / f"{result.finish_reason or result.registration}.json"
        if target.exists():
            continue
        history = await handle.fetch_history()
        target.write_text(history.to_json(), encoding="utf-8")
        added += 1
    return added


def main() -> int:
    """Record from the stack in $RUN_DIR, or .run."""
    run_dir = Path(os.environ.get("RUN_DIR", ".run"))
    added = asyncio.run(record(run_dir / "stack.json"))
    sys.stdout.write(f"{added} histories added to {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
