"""A plan is drawn by its seed alone, and can be shrunk."""

import ast
from pathlib import Path

import pytest

from bench.chaos import judge
from bench.chaos.plan import UnknownFaultError, described, draw
from bench.chaos.strangers import signature
from bench.chaos.switches import FAULTS, switches_of

OF_THE_JUDGE = ("bench.chaos.judge", "bench.chaos.evidence", "bench.chaos.deeds")


def test_a_seed_draws_the_same_plan() -> None:
    """Twice the same, and another seed another."""
    assert draw(7, 60, rate=4) == draw(7, 60, rate=4)
    assert draw(7, 60, rate=4) != draw(8, 60, rate=4)
    assert len(list(described(draw(7, 60, rate=4)))) > 60


def test_leaving_faults_out_changes_no_call() -> None:
    """So that a violation can be looked for with fewer faults."""
    whole, shrunk = draw(7, 60, rate=4), draw(7, 60, rate=4, only_faults=["kill-worker"])
    assert whole.calls == shrunk.calls
    assert {fault.kind for fault in shrunk.faults} == {"kill-worker"}
    assert draw(7, 60, rate=4, only_faults=[]).faults == ()


def test_fewer_calls_are_the_first_ones() -> None:
    """At the same rate."""
    assert draw(7, 200, rate=4).calls[:100] == draw(7, 100, rate=4).calls


def test_a_long_plan_has_every_fault() -> None:
    """Every kind comes once before any comes twice."""
    assert {fault.kind for fault in draw(7, 400, rate=4).faults} == FAULTS


def test_an_unknown_fault_is_refused_by_name() -> None:
    """With the names that there are."""
    with pytest.raises(UnknownFaultError, match=r"kill-cat.*kill-worker"):
        draw(7, 10, rate=4, only_faults=["kill-cat"])


def test_switches_add_up() -> None:
    """Two faults at once are both on."""
    both = switches_of(frozenset({"create-429", "list-lags"}), 3)
    assert both == {"seed": 3, "create_too_many": 0.6, "list_lag_seconds": 3}


def test_a_signature_is_the_carriers() -> None:
    """The carrier's own published example: https://www.twilio.com/docs/usage/security."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_judge_is_a_stranger() -> None:
    """It imports nothing that it judges: of this repository only its own evidence."""
    folder = Path(judge.__path__[0])
    ours = {room.name for room in folder.parents[2].iterdir() if (room / "__init__.py").exists()}
    for module in [*folder.glob("*.py"), folder.parent / "evidence.py", folder.parent / "deeds.py"]:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ours:
                assert str(node.module).startswith(OF_THE_JUDGE), f"{module.name} imports {node.module}"
