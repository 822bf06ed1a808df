"""How the stories came out: a table for people, a file for programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.reasons.telling import Outcome
from calls.reasons import REASONS, FinishReason


def is_proven(outcomes: Sequence[Outcome]) -> bool:
    """Whether every story came out as it must."""
    return not any(outcome.faults for outcome in outcomes)


def proven(outcomes: Sequence[Outcome]) -> list[FinishReason]:
    """The reasons of which every story came out as it must."""
    failed = {outcome.story.reason for outcome in outcomes if outcome.faults}
    told = {outcome.story.reason for outcome in outcomes}
    return [reason for reason in REASONS if reason in told - failed]


def table(outcomes: Sequence[Outcome], missing: Mapping[FinishReason, str]) -> str:
    """A line for each story, in the contract's order of reasons, and a sum."""
    order = list(REASONS)
    rows: list[tuple[str, ...]] = [("", "expected", "recorded", "hung up by", "story")]
    lines: dict[FinishReason, list[tuple[str, ...]]] = {
        reason: [("miss", f"{REASONS[reason].status}/{reason}", "-", "-", f"waits for {why}")]
        for reason, why in missing.items()
    }
    for outcome in outcomes:
        lines.setdefault(outcome.story.reason, []).append(_row(outcome))
    rows += [row for reason in sorted(lines, key=order.index) for row in lines[reason]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*shown, "", f"{len(proven(outcomes))} of {len(REASONS)} reasons, {len(outcomes)} stories"])


def _row(outcome: Outcome) -> tuple[str, ...]:
    story = outcome.story
    expected = f"{REASONS[story.reason].status}/{story.reason}"
    recorded = f"{outcome.status}/{outcome.reason}"
    said = f"{story.name} ({'; '.join(outcome.faults)})" if outcome.faults else story.name
    return ("FAIL" if outcome.faults else "ok", expected, recorded, outcome.hung_up_by or "nobody yet", said)


def write(file: Path, outcomes: Sequence[Outcome], missing: Mapping[FinishReason, str], seconds: float) -> None:
    """Keep all that is known of the run."""
    content = {
        "reasons": len(REASONS),
        "proven": proven(outcomes),
        "missing": dict(missing),
        "seconds": round(seconds, 1),
        "stories": [_entry(outcome) for outcome in outcomes],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _entry(outcome: Outcome) -> dict[str, object]:
    story = outcome.story
    return {
        "story": story.name,
        "call_id": outcome.call_id,
        "to_number": story.to_number,
        "expected_reason": story.reason,
        "recorded_reason": outcome.reason,
        "expected_status": REASONS[story.reason].status,
        "recorded_status": outcome.status,
        "by": outcome.by,
        "phase": outcome.phase,
        "expected_hung_up_by": story.ended_by,
        "hung_up_by": outcome.hung_up_by,
        "evidence": outcome.evidence,
        "faults": outcome.faults,
    }
