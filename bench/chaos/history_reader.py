"""Reading the engine's side: every workflow and its history, as the engine itself tells them."""

import json
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecution

from bench.chaos.evidence import Document

_DIAL = "dial"


async def read_workflows(engine: Client) -> list[Document]:
    """Every workflow that the engine knows, open or closed."""
    return [await _read(engine, execution) async for execution in engine.list_workflows("")]


async def count_running(engine: Client) -> int:
    """How many workflows have not ended."""
    return (await engine.count_workflows("ExecutionStatus = 'Running'")).count


async def _read(engine: Client, execution: WorkflowExecution) -> Document:
    history = await engine.get_workflow_handle(execution.id, run_id=execution.run_id).fetch_history()
    found: Document = {
        "workflow_id": execution.id,
        "run_id": execution.run_id,
        "status": execution.status.name if execution.status else "UNKNOWN",
        "began_at": execution.start_time.timestamp(),
        "closed_at": execution.close_time.timestamp() if execution.close_time else None,
        "result": None,
        "signals": [],
        "dials": [],
        "failed_tasks": [],
        "events": len(history.events),
        "text": history.to_json(),
    }
    names: dict[int, str] = {}
    for event in history.events:
        _take(event, names, found)
    return found


def _take(event: HistoryEvent, names: dict[int, str], found: Document) -> None:
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            told = event.workflow_execution_signaled_event_attributes
            found["signals"].append({"name": told.signal_name, "body": _values(told.input.payloads)})
        case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            names[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
        case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            done = event.activity_task_completed_event_attributes
            if names.get(done.scheduled_event_id) == _DIAL:
                found["dials"].append(_values(done.result.payloads)[0]["result"])
        case EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
            if names.get(event.activity_task_timed_out_event_attributes.scheduled_event_id) == _DIAL:
                found["dials"].append("timed_out")
        case EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            failed = event.workflow_task_failed_event_attributes
            found["failed_tasks"].append(f"{failed.cause}: {failed.failure.message}")
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            ended = event.workflow_execution_completed_event_attributes
            found["result"] = _values(ended.result.payloads)[0]


def _values(payloads: Any) -> list[Any]:
    return [json.loads(payload.data) if payload.data else None for payload in payloads]
