"""Whether a worker does its work: the engine knows it as a poller, and the store answers."""

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from adapters.mongo.database import Database, ping
from calls.ports.pages import StoreUnavailableError
from workflows.names import CALL_QUEUE, DIAL_QUEUE, MONITOR_QUEUE, WEBHOOK_QUEUE

_PATIENCE = timedelta(seconds=5)
_LONGEST_POLL = timedelta(seconds=75)
"""A poll is held for a minute at most, and then asked again."""
_POLLED = (
    (CALL_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    (DIAL_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    (MONITOR_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
    (WEBHOOK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
)


async def check_worker(client: Client, database: Database) -> None:
    """Raise ConnectionError, with what is wrong, unless this process polls every queue and reaches the store."""
    try:
        for queue, kind in _POLLED:
            request = DescribeTaskQueueRequest(
                namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
            )
            described = await client.workflow_service.describe_task_queue(request, timeout=_PATIENCE)
            seen = [
                poller.last_access_time.ToDatetime(tzinfo=UTC)
                for poller in described.pollers
                if poller.identity == client.identity
            ]
            if max(seen, default=datetime.min.replace(tzinfo=UTC)) < datetime.now(UTC) - _LONGEST_POLL:
                raise ConnectionError(f"Temporal has not heard of this worker on {queue} for {_LONGEST_POLL}")
        await ping(database)
    except RPCError as error:
        raise ConnectionError(f"Temporal did not answer: {error.status.name}") from error
    except StoreUnavailableError as error:
        raise ConnectionError(str(error)) from error
