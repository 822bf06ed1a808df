"""How long live calls are out of control when a worker dies and another one is up.

Each round brings up several conversations, kills one of two workers, at once asks for the end of every one of them,
and waits until the carrier's ledger says that it was hung up.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.chaos.cast import CAST
from bench.chaos.customer import Customers
from bench.chaos.deeds import Deeds, FaultDone
from bench.chaos.evidence import Document, Evidence
from bench.chaos.judge.findings import Finding, Outcome
from bench.chaos.judge.verdict import judge
from bench.chaos.performance import gather, settle
from bench.chaos.plan import Order, PlannedCall
from bench.chaos.report import write
from bench.chaos.stage import Stage, set_up

WITHIN_SECONDS = 3.0
"""The promise: 95 of 100 ends take effect so soon after the death."""
PER_ROUND = 5
_UP_WITHIN_SECONDS, _LOOK_EVERY_SECONDS = 20.0, 0.05
_STORY = "dawdler"


async def regain(
    rounds: int, folder: Path, say: Callable[[str], None]
) -> tuple[Sequence[Outcome], Evidence, Mapping[str, Any]]:
    """Kill a worker under live calls `rounds` times; the third is the table of how long the ends took."""
    async with set_up(folder) as stage:
        deeds, kills = Deeds(), dict[str, float]()
        customers = Customers(stage.session, stage.engine, stage.agents, deeds)
        for number in range(rounds):
            await _round(stage, customers, deeds, number, kills)
            if (number + 1) % 5 == 0:
                say(f"{number + 1} of {rounds}")
        await settle(stage)
        evidence = await gather(stage, deeds)
    lasted = _lasted(evidence, kills)
    figures = _figures(lasted)
    outcomes = [*judge(evidence), _in_time(lasted, figures)]
    write(folder, {"rounds": rounds, **figures}, outcomes, evidence)
    return outcomes, evidence, figures


async def _round(stage: Stage, customers: Customers, deeds: Deeds, number: int, kills: dict[str, float]) -> None:
    planned = [
        PlannedCall(
            call_id=f"regain-{number:03d}-{place}",
            at=0,
            story=_STORY,
            to_number=f"+1202{6_660_000 + number * PER_ROUND + place:07d}",
        )
        for place in range(PER_ROUND)
    ]
    await asyncio.gather(*(_bring_up(stage, customers, call) for call in planned))
    worker = stage.stack.parts["worker" if number % 2 else "worker-2"]
    died = FaultDone("kill-worker", worker.name, time.time())
    deeds.faults.append(died)
    await worker.kill()
    kills.update({call.call_id: died.began for call in planned})
    await asyncio.gather(*(customers.order(call.call_id, Order(kind="end", after=0)) for call in planned))
    await asyncio.gather(*(_look(stage, call, _is_over) for call in planned))
    await worker.start()
    died.ended = time.time()


async def _bring_up(stage: Stage, customers: Customers, call: PlannedCall) -> None:
    """Place a call to somebody who talks for long, and wait until the talk is on."""
    story = f"{stage.stack.addresses.simulator_url}/_sim/stories/{quote(call.to_number)}"
    async with stage.session.put(story, json=CAST[_STORY].script) as answer:
        answer.raise_for_status()
    await customers.call(call, CAST[_STORY].agent)
    await _look(stage, call, _talks)


async def _look(stage: Stage, call: PlannedCall, reached: Callable[[Document], bool]) -> None:
    """Wait until the ledger shows it. Raises TimeoutError."""
    ledger = f"{stage.stack.addresses.simulator_url}/_sim/ledger"
    async with asyncio.timeout(_UP_WITHIN_SECONDS):
        while True:
            async with stage.session.get(ledger, params={"to": call.to_number}) as answer:
                if any(reached(leg) for leg in await answer.json()):
                    return
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _talks(leg: Document) -> bool:
    return bool(leg["spoken"])


def _is_over(leg: Document) -> bool:
    return leg["ended_at"] is not None


def _lasted(evidence: Evidence, kills: Mapping[str, float]) -> Mapping[str, float]:
    """Seconds from a worker's death until each call was hung up."""
    return {
        call_id: leg["ended_at"] - died
        for call_id, died in kills.items()
        for leg in evidence.legs_by_call.get(call_id, [])
        if leg["ended_at"] is not None
    }


def _figures(lasted: Mapping[str, float]) -> Mapping[str, Any]:
    cuts = statistics.quantiles(lasted.values(), n=100, method="inclusive")
    return {
        "ends": len(lasted),
        "p50 seconds": round(cuts[49], 3),
        "p95 seconds": round(cuts[94], 3),
        "longest seconds": round(max(lasted.values()), 3),
    }


def _in_time(lasted: Mapping[str, float], figures: Mapping[str, Any]) -> Outcome:
    late = [Finding(call_id, f"ended after {seconds:.2f} s") for call_id, seconds in lasted.items()]
    findings = [one for one in late if lasted[one.subject] > WITHIN_SECONDS] if _is_late(figures) else []
    return Outcome(2, f"an end takes effect within {WITHIN_SECONDS:g} s (p95)", len(lasted), tuple(findings))


def _is_late(figures: Mapping[str, Any]) -> bool:
    return bool(figures["p95 seconds"] > WITHIN_SECONDS)
