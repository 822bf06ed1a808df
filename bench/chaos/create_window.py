"""The window that a carrier without idempotency keys leaves open: between its acceptance and our record of it.

Each round places a call whose create is accepted and not answered, kills every worker in that moment, starts them
again, and goes on to the next one while the last is still being cleared up.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from bench.chaos.customer import Customers
from bench.chaos.deeds import Deeds, FaultDone
from bench.chaos.evidence import Document, Evidence, owner_of
from bench.chaos.judge.findings import Outcome
from bench.chaos.judge.verdict import judge
from bench.chaos.performance import gather, settle
from bench.chaos.plan import PlannedCall
from bench.chaos.report import write
from bench.chaos.stage import Stage, set_up
from bench.chaos.switches import switches_of
from runtime.embedded.part import Part

_HANGS = {"create_hang": 1.0, "create_hang_seconds": 25}
_ACCEPTED_WITHIN_SECONDS = 15.0
_LOOK_EVERY_SECONDS = 0.01


async def create_window(times: int, folder: Path, say: Callable[[str], None]) -> tuple[Sequence[Outcome], Evidence]:
    """Kill in the window `times` times. Whatever the judge finds is a violation; the rings are counted besides."""
    async with set_up(folder) as stage:
        deeds = Deeds()
        async with stage.session.put(_faults_url(stage), json=switches_of(frozenset(), 1) | _HANGS) as answer:
            answer.raise_for_status()
        async with asyncio.TaskGroup() as customers:
            for number in range(times):
                await _round(stage, deeds, number, customers)
                if (number + 1) % 10 == 0:
                    say(f"{number + 1} of {times}")
        await settle(stage)
        evidence = await gather(stage, deeds)
    outcomes = judge(evidence)
    write(folder, {"times": times, "counts": counts(evidence)}, outcomes, evidence)
    return outcomes, evidence


async def _round(stage: Stage, deeds: Deeds, number: int, customers: asyncio.TaskGroup) -> None:
    call_id, to_number = f"window-{number:04d}", f"+1202{7_770_000 + number:07d}"
    planned = PlannedCall(call_id=call_id, at=0, story="alice", to_number=to_number)
    placing = Customers(stage.session, stage.engine, stage.agents, deeds)
    customers.create_task(placing.call(planned, "plain"))
    workers = [part for name, part in stage.stack.parts.items() if name.startswith("worker")]
    try:
        async with asyncio.timeout(_ACCEPTED_WITHIN_SECONDS):
            await _accepted(stage, to_number)
    except TimeoutError:
        return  # the judge will see a call without a carrier call
    done = FaultDone("kill-all-workers", "worker", time.time())
    deeds.faults.append(done)
    await _all(workers, Part.kill)
    await _all(workers, Part.start)
    done.ended = time.time()


async def _all(parts: Sequence[Part], what: Callable[[Part], Awaitable[None]]) -> None:
    await asyncio.gather(*(what(part) for part in parts))


async def _accepted(stage: Stage, to_number: str) -> None:
    """Return as soon as the carrier has a call to this number."""
    ledger = f"{stage.stack.addresses.simulator_url}/_sim/ledger"
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            async with stage.session.get(ledger, params={"to": to_number}) as answer:
                if await answer.json():
                    return
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _faults_url(stage: Stage) -> str:
    return f"{stage.stack.addresses.simulator_url}/_sim/faults"


def counts(evidence: Evidence) -> Mapping[str, Any]:
    """The figures of such a run: calls asked for, carrier calls, rings, orphans, and dials whose answer was lost."""
    asked = {post.call_id for post in evidence.deeds.posts}
    legs = [leg for group in evidence.legs_by_call.values() for leg in group]
    return {
        "calls": len(asked),
        "kills": len(evidence.deeds.faults),
        "dials whose answer was lost": sum("timed_out" in workflow["dials"] for workflow in evidence.workflows),
        "carrier calls": len(legs),
        "rings": sum(leg["rings"] for leg in legs),
        "calls that rang more than once": sum(len(group) > 1 for group in evidence.legs_by_call.values()),
        "orphans": sum(_is_orphan(evidence, leg) for leg in legs),
    }


def is_once_each(found: Mapping[str, Any]) -> bool:
    """Whether each call made one carrier call, that is its own, and rang once."""
    return found["calls"] == found["carrier calls"] == found["rings"] and not found["orphans"]


def _is_orphan(evidence: Evidence, leg: Document) -> bool:
    """A carrier call that its call's record does not know, or that is still alive."""
    call = evidence.call_by_id.get(owner_of(leg))
    return call is None or call["progress"]["carrier_call_id"] != leg["sid"] or leg["ended_at"] is None
