"""What a run says at its end: what was injected, what was survived, what was violated."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.chaos.evidence import Evidence
from bench.chaos.judge.findings import Outcome
from bench.chaos.judge.verdict import INVARIANTS

_SHOWN = 12


def injected(evidence: Evidence) -> dict[str, int]:
    """How often each fault struck, and how much was sent that should not have been."""
    deeds = evidence.deeds
    counts = Counter(fault.kind for fault in deeds.faults)
    counts.update(f"intrusion: {tried.kind}" for tried in deeds.intrusions)
    counts["bad requests"] = len(deeds.mischief)
    counts["repeated requests"] = sum(post.purpose != "call" for post in deeds.posts)
    return dict(sorted(counts.items()))


def survived(evidence: Evidence) -> dict[str, int]:
    """What the faults came to: how often the carrier, the engine and the customers really felt them."""
    legs = [leg for group in evidence.legs_by_call.values() for leg in group]
    sessions = [session for leg in legs for session in leg["relay_sessions"]]
    callbacks = [sent for leg in legs for sent in leg["callbacks"]]
    dials = Counter(f"dials {outcome}" for workflow in evidence.workflows for outcome in workflow["dials"])
    posts = evidence.deeds.posts
    return {
        **dials,
        "carrier calls": len(legs),
        "phones that rang": sum(leg["rings"] > 0 for leg in legs),
        "calls answered": sum(leg["answered_at"] is not None for leg in legs),
        "relay sockets broken": sum(one["ended_as"] not in ("ended", "completed") for one in sessions),
        "conversations taken up again": sum(max(0, len(leg["relay_sessions"]) - 1) for leg in legs),
        "callbacks dropped": sum(sent["attempts"] == 0 for sent in callbacks),
        "callbacks repeated by the carrier": sum(sent["attempts"] > 1 for sent in callbacks),
        "callbacks never taken": sum(sent["attempts"] > 0 and not 200 <= sent["status"] < 300 for sent in callbacks),  # noqa: PLR2004 - HTTP's successes
        "requests refused with 503": sum(post.status == 503 for post in posts),  # noqa: PLR2004 - HTTP
        "requests without an answer": sum(post.status == 0 for post in posts),
        "parts that died by themselves": len(evidence.deeds.deaths),
    }


def reasons(evidence: Evidence) -> dict[str, int]:
    """How the calls ended."""
    return dict(Counter(str(call["progress"]["finish_reason"]) for call in evidence.calls).most_common())


def show(outcomes: Sequence[Outcome], evidence: Evidence, console: Console) -> None:
    """Print the tables, and the first violations."""
    _print_counts(console, "injected", injected(evidence))
    _print_counts(console, "felt", survived(evidence))
    _print_counts(console, "ended as", reasons(evidence))
    table = Table(title="invariants", title_justify="left")
    for heading in ("invariant", "question", "looked at", "violations"):
        table.add_column(heading, justify="right" if heading in ("looked at", "violations") else "left")
    for outcome in outcomes:
        name = f"{outcome.invariant} {INVARIANTS[outcome.invariant]}"
        table.add_row(name, outcome.check, str(outcome.looked_at), str(len(outcome.findings)))
    console.print(table)
    for outcome in outcomes:
        for finding in outcome.findings[:_SHOWN]:
            console.print(f"VIOLATION of {outcome.invariant} ({outcome.check}): {finding.subject}: {finding.what}\n")


def _print_counts(console: Console, title: str, counts: Mapping[str, int]) -> None:
    console.print(f"{title}: " + ", ".join(f"{name} {count}" for name, count in counts.items()) + "\n")


def write(folder: Path, about: Mapping[str, Any], outcomes: Sequence[Outcome], evidence: Evidence) -> None:
    """Leave `report.json`; on a violation also everything that it was judged by."""
    report = {
        **about,
        "violations": sum(len(outcome.findings) for outcome in outcomes),
        "injected": injected(evidence),
        "felt": survived(evidence),
        "ended_as": reasons(evidence),
        "deaths": evidence.deeds.deaths,
        "checks": [asdict(outcome) for outcome in outcomes],
    }
    _dump(folder / "report.json", report)
    if not report["violations"]:
        return
    histories = folder / "histories"
    histories.mkdir(exist_ok=True)
    for workflow in evidence.workflows:
        (histories / f"{workflow['workflow_id']}-{workflow['run_id'][:8]}.json").write_text(workflow["text"], "utf-8")
    kept = evidence.as_json()
    kept["workflows"] = [{**workflow, "text": ""} for workflow in kept["workflows"]]
    _dump(folder / "evidence.json", kept)


def _dump(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
