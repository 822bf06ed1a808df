"""Writes docs/reasons.md from the rows of the reasons and the stories that prove them: `python -m tests.reasons_page`.

A reason is proven twice: by a story of the workflow on a skipped clock (`tests.workflows.ending_stories`), and by one
over the whole stack and the simulator (`bench.reasons.stories`). A test fails where one of the two is missing.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from bench.reasons.stories import STORIES
from calls.dispositions import FAILED_BY_SIP
from calls.reasons import REASONS, FinishReason
from calls.words import Phase
from tests.workflows import ending_stories

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reasons.md"

_HEAD = """<!-- Made by `python -m tests.reasons_page` from the code and its stories; edit those. -->

# Finish reasons

Every call ends with exactly one of these, kept with its evidence, the phase it ended in and whose doing it was. Each is
proven by a story of the workflow on a skipped clock (`tests/workflows`), and by one over the whole stack with real
HTTP and websockets, whose record is compared with what the carrier's ledger says (`make reasons`).

| reason | status | by | phase | answered | trigger | evidence kept | redial may help | proven by |
|---|---|---|---|---|---|---|---|---|
"""


def workflow_stories() -> Mapping[FinishReason, tuple[str, ...]]:
    """The names of the workflow's stories."""
    return {reason: tuple(one.name for one in ending_stories.STORIES if one.reason is reason) for reason in REASONS}


def stack_stories() -> Mapping[FinishReason, tuple[str, ...]]:
    """The names of the stories over the whole stack."""
    return {reason: tuple(story.name for story in STORIES if story.reason is reason) for reason in REASONS}


def page() -> str:
    """The page as it should be."""
    by_workflow, by_stack = workflow_stories(), stack_stories()
    rows = [_row(reason, by_workflow[reason], by_stack[reason]) for reason in REASONS]
    sip = [f"| {code} | `{reason}` | {detail or '-'} |" for code, (reason, detail) in sorted(FAILED_BY_SIP.items())]
    return (
        _HEAD
        + "\n".join(rows)
        + "\n\n## When the carrier says `failed`\n\nThe SIP code decides. Codes not listed: from 500 on and none at"
        " all are `twilio_service_error`, others\n`call_failed`. Carriers disagree on 603, 607 and 608:"
        " `RINGBACK_SIP_DECLINED_MEANS` moves them.\n\n| SIP code | reason | detail |\n|---|---|---|\n"
        + "\n".join(sip)
        + "\n"
    )


def _row(reason: FinishReason, by_workflow: tuple[str, ...], by_stack: tuple[str, ...]) -> str:
    row = REASONS[reason]
    phases = ", ".join(phase for phase in Phase if phase in row.phases)
    answered = {True: "yes", False: "no", None: "either"}[row.connected]
    kept = dict.fromkeys(name for story in STORIES if story.reason is reason for name in story.evidence)
    evidence = ", ".join(f"`{name}`" for name in kept)
    proofs = f"workflow: {'; '.join(by_workflow)}. Stack: {'; '.join(by_stack)}"
    redial = "yes" if row.may_redial else "no"
    cells = (f"`{reason}`", row.status, row.by, phases, answered, row.text, evidence, redial, proofs)
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
