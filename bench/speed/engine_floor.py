"""`python -m bench.speed.engine_floor work|drive JSON`: what the engine alone can do.

Trivial workflows on a worker like ours, and whoever starts and signals them, each in a process of its own.
"""

import asyncio
import json
import sys
import uuid
from time import perf_counter

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from bench.speed.trivial import Shape, Trivial, do_nothing
from runtime.leaving import leave
from runtime.wiring.engine import workflow_runner

QUEUE = "bench-engine-floor"
CACHED = 1500


async def _connect(shape: Shape) -> Client:
    return await Client.connect(shape.address, namespace=shape.namespace, data_converter=pydantic_data_converter)


async def work(shape: Shape) -> None:
    """Be the worker until killed."""
    worker = Worker(
        await _connect(shape),
        task_queue=QUEUE,
        workflows=[Trivial],
        activities=[do_nothing],
        workflow_runner=workflow_runner(),
        max_cached_workflows=CACHED,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    async with worker:
        print("working", flush=True)
        await asyncio.get_running_loop().create_future()


async def drive(shape: Shape) -> None:
    """Start all of them at once, signal them, wait for them, and say how long that took."""
    client = await _connect(shape)
    await _one(client, shape)
    begin = perf_counter()
    await asyncio.gather(*(_one(client, shape) for _ in range(shape.count)))
    print(json.dumps({"seconds": perf_counter() - begin}), flush=True)


async def _one(client: Client, shape: Shape) -> None:
    start = WithStartWorkflowOperation(
        Trivial.run,
        shape,
        id=f"floor-{uuid.uuid4()}",
        task_queue=QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
    )
    await client.execute_update_with_start_workflow(Trivial.registered, start_workflow_operation=start)
    handle = await start.workflow_handle()
    for _ in range(shape.signals):
        await handle.signal(Trivial.told)
    await handle.result()


if __name__ == "__main__":
    asyncio.run({"work": work, "drive": drive}[sys.argv[1]](Shape(**json.loads(sys.argv[2]))))
    leave(0)
