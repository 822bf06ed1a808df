"""The storm: every callback five times, in any order. The same calls are made once in calm weather, to compare."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.chaos.evidence import Document, Evidence
from bench.chaos.judge.findings import Finding, Outcome
from bench.chaos.judge.verdict import judge
from bench.chaos.performance import perform
from bench.chaos.plan import Plan, draw
from bench.chaos.report import write
from bench.chaos.stage import SPEED, rehearse, set_up
from bench.chaos.switches import switches_of

COPIES = 5
SCATTER_SECONDS = 4.0 / SPEED
"""Four seconds of a callee's life: events of a call are closer together, so its callbacks come in any order."""
MACHINES_PATIENCE_SECONDS = 60.0
"""How much later (in story seconds) a machine speaks and hangs up. A talk that is over before its verdict came has
another ending, and rightly so. Without this the two were 0.4 s apart in real time, and Temporal alone took up to 4.8 on
a machine that others used; with it they are 7.5 s further apart."""


async def storm(
    calls: int, seed: int, rate: float, folder: Path, say: Callable[[str], None]
) -> tuple[Sequence[Outcome], Evidence]:
    """Make the calls of a seed in calm and in the storm; whatever differs, and whatever the judge finds, is wrong."""
    plan = _undisturbed(draw(seed, calls, rate=rate, only_faults=[]))
    calm = await _perform(plan, folder.with_name(f"{folder.name}-calm"), {}, say)
    raging = {"callback_copies": COPIES, "callback_scatter_seconds": SCATTER_SECONDS}
    stormy = await _perform(plan, folder, raging, say)
    outcomes = [*judge(stormy), _compared(calm, stormy)]
    write(folder, {"seed": seed, "calls": calls, **counts(stormy)}, outcomes, stormy)
    return outcomes, stormy


def _undisturbed(plan: Plan) -> Plan:
    """Without whatever makes an ending a matter of milliseconds, and without strangers."""
    calls = tuple(replace(call, order=None, conflicts=False) for call in plan.calls)
    return replace(plan, calls=calls, intrusions=(), mischief=())


def patient(script: Document) -> Document:
    """The same callee; if it is none that listens, all that it does comes long after its verdict."""
    if script.get("verdict", {}).get("hears") not in ("machine", "fax"):
        return script
    more: Document = {}
    if lines := script.get("lines"):
        first = {**lines[0], "delay_seconds": lines[0]["delay_seconds"] + MACHINES_PATIENCE_SECONDS}
        more["lines"] = [first, *lines[1:]]
    if leaves := script.get("hang_up_after_seconds"):
        more["hang_up_after_seconds"] = leaves + MACHINES_PATIENCE_SECONDS
    return {**script, **more}


async def _perform(plan: Plan, folder: Path, weather: dict[str, Any], say: Callable[[str], None]) -> Evidence:
    async with set_up(folder) as stage:
        await rehearse(stage, plan, patient)
        faults = f"{stage.stack.addresses.simulator_url}/_sim/faults"
        async with stage.session.put(faults, json=switches_of(frozenset(), plan.seed) | weather) as answer:
            answer.raise_for_status()
        return await perform(stage, plan, say)


def _compared(calm: Evidence, stormy: Evidence) -> Outcome:
    """Every call ends as it does without the storm."""
    findings = []
    for call_id, record in sorted(calm.call_by_id.items()):
        other = stormy.call_by_id.get(call_id)
        ended, otherwise = _ending(record), _ending(other) if other else ("no record", "")
        if ended != otherwise:
            findings.append(Finding(call_id, f"{' '.join(ended)} in calm weather, {' '.join(otherwise)} in the storm"))
    return Outcome(3, "a storm of callbacks changes no ending", len(calm.calls), tuple(findings))


def _ending(record: Mapping[str, Any]) -> tuple[str, str]:
    return str(record["progress"]["status"]), str(record["progress"]["finish_reason"])


def counts(evidence: Evidence) -> Mapping[str, int]:
    """How hard it blew: callbacks sent, and how many of them the gateway refused."""
    sent = [one for leg in evidence.legs for one in leg["callbacks"]]
    refused = sum(not 200 <= one["status"] < 300 for one in sent)  # noqa: PLR2004 - HTTP's successes
    return {"callbacks sent": len(sent), "callbacks refused": refused}
