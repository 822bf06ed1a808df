"""Requests accepted per second, whole calls per second beside the engine's floor, and what a call leaves in history."""

import asyncio
from collections import Counter
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

import aiohttp
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.speed.children import child
from bench.speed.figures import Spread
from bench.speed.house import CALLER, House
from workflows.names import workflow_id

CREATE_SECONDS = 0.15
"""How long the carrier takes to accept a call."""
BURST = 200
ALL_OVER_WITHIN_SECONDS = 180.0
_COUNTED = {
    "activities": "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED",
    "local_activities": "EVENT_TYPE_MARKER_RECORDED",
    "signals": "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED",
    "timers": "EVENT_TYPE_TIMER_STARTED",
    "updates": "EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
    "workflow_tasks": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED",
}
# A turn and a goodbye; the recording and the transcript follow as ever.
TALKS: dict[str, Any] = {
    "name": "Talks a turn and hangs up",
    "lines": [{"text": "No, thank you."}],
    "hang_up_after_lines": 1.0,
}


@dataclass
class WholeCallFigures:
    """Per second; latencies of single requests in milliseconds."""

    burst: int
    accepted_per_second: float = 0.0
    accept_ms: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    whole_calls_per_second: float = 0.0
    engine_floor_per_second: float = 0.0
    history_events: int = 0
    history: dict[str, int] = field(default_factory=dict)

    @property
    def share_of_floor(self) -> float:
        """Whole calls as a share of what the engine alone can do."""
        return self.whole_calls_per_second / self.engine_floor_per_second


async def measure_whole_calls(house: House, count: int = BURST) -> WholeCallFigures:
    """One burst of real calls, and one of workflows that do nothing as often."""
    figures = WholeCallFigures(burst=count)
    client = await Client.connect(house.stack.addresses.temporal_address)
    numbers = [f"+1415556{number:04d}" for number in range(count + 2)]
    await prepare(house, numbers)
    async with dialling(house, numbers[count:], every=0) as warming:  # the first calls load code
        warmed = await warming.answer(60)
    await _all_over(client)
    figures.history = await _history(client, warmed["call_ids"][0])
    figures.history_events = figures.history["events"]
    async with dialling(house, numbers[:count], every=0) as dials:
        result = await dials.answer(ALL_OVER_WITHIN_SECONDS)
    await _all_over(client)
    over = perf_counter()
    accepted = len(result["latencies"])
    figures.accepted_per_second = accepted / (result["last"] - result["first"])
    figures.accept_ms = asdict(Spread.of(result["latencies"]))
    figures.refused = result["refused"]
    figures.whole_calls_per_second = accepted / (over - result["first"])
    figures.engine_floor_per_second = await _engine_floor(house, figures)
    return figures


async def prepare(house: House, numbers: list[str], story: dict[str, Any] = TALKS) -> None:
    """Somebody lives at each number; the caller's own number has the example agent; the carrier takes its time."""
    at = house.stack.addresses
    async with aiohttp.ClientSession(at.simulator_url) as carrier:
        for number in numbers:
            async with carrier.put(f"/_sim/stories/{number}", json=story) as answer:
                answer.raise_for_status()
        async with carrier.put("/_sim/faults", json={"create_delay_seconds": CREATE_SECONDS}) as answer:
            answer.raise_for_status()


def dialling(house: House, to_numbers: list[str], *, every: float) -> Any:
    """A customer in a process of its own."""
    at = house.stack.addresses
    order = {"url": at.gateway_url, "api_key": at.api_key, "from_number": CALLER, "to_numbers": to_numbers}
    return child("bench.speed.load_dials", {**order, "every": every})


async def _all_over(client: Client) -> None:
    """Wait until no workflow runs: every call over, its recording and transcript kept."""
    async with asyncio.timeout(ALL_OVER_WITHIN_SECONDS):
        while (await client.count_workflows("ExecutionStatus = 'Running'")).count:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.2)


async def _history(client: Client, call_id: str) -> dict[str, int]:
    history = await client.get_workflow_handle(workflow_id(call_id)).fetch_history()
    by_name = Counter(EventType.Name(event.event_type) for event in history.events)
    return {"events": len(history.events), **{name: by_name[kind] for name, kind in _COUNTED.items()}}


async def _engine_floor(house: House, figures: WholeCallFigures) -> float:
    at = house.stack.addresses
    shape = {
        "address": at.temporal_address,
        "namespace": at.temporal_namespace,
        "count": figures.burst,
        **{name: figures.history[name] for name in ("activities", "local_activities", "signals")},
    }
    async with child("bench.speed.engine_floor", "work", shape) as worker:
        await worker.line(30)
        async with child("bench.speed.engine_floor", "drive", shape) as driver:
            answer = await driver.answer(ALL_OVER_WITHIN_SECONDS)
    return figures.burst / float(answer["seconds"])
