"""Workflow code of today must take up the calls that yesterday's left running: committed histories replay unchanged.

`python -m tests.workflows.record_histories` adds the histories of a running stack's calls; it never rewrites one.
"""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from calls.reasons import FinishReason
from runtime.wiring.engine import workflow_runner
from workflows.call_webhooks import CallWebhooks
from workflows.inbound_call import InboundCall
from workflows.outbound_call import OutboundCall
from workflows.redial import Redial
from workflows.sweep import Sweep
from workflows.taken_up_call import TakenUpCall

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def test_every_reason_has_a_history() -> None:
    """A way to end that no history shows could be broken for the calls that are on it; so could a kind of story."""
    known = {path.stem.removeprefix("inbound_").removeprefix("taken_up_") for path in HISTORIES}
    assert set(FinishReason) <= known
    assert {"redial", "sweep", "told_call"} <= known
    for kind in ("inbound_", "taken_up_"):
        assert sum(path.stem.startswith(kind) for path in HISTORIES) >= 2


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_committed_history_replays(path: Path) -> None:
    """The same facts in the same order lead this code to the same commands."""
    replayer = Replayer(
        workflows=[OutboundCall, InboundCall, TakenUpCall, Redial, Sweep, CallWebhooks],
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(),
    )
    await replayer.replay_workflow(_history(path))


def _history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))
