"""Habits of workflow code that the engine does not check and an operator would miss."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "workflows"
STEPS = {"execute_activity_method", "start_activity_method", "execute_local_activity_method"}


def calls_of(tree: ast.AST, names: set[str]) -> Iterator[tuple[ast.Call, ast.AST | None]]:
    """Calls of `workflow.<name>`, each with the statement or expression around its await."""
    around = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            awaiting = around.get(node)
            yield node, around.get(awaiting) if isinstance(awaiting, ast.Await) else awaiting


def keywords(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}


def faults(source: str) -> list[str]:
    """What is against the habits in a source text, by line."""
    tree = ast.parse(source)
    found = [
        f"line {call.lineno}: an activity without a summary"
        for call, _ in calls_of(tree, STEPS)
        if "summary" not in keywords(call)
    ]
    for call, around in calls_of(tree, {"wait_condition"}):
        if "timeout" in keywords(call) and "timeout_summary" not in keywords(call):
            found.append(f"line {call.lineno}: a timer without a name")
        if not isinstance(around, ast.Expr):
            found.append(f"line {call.lineno}: wait_condition has no value; it raises TimeoutError")
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_workflow_code_keeps_the_habits(path: Path) -> None:
    """Every activity and timer is named for the timeline, and no wait is mistaken for a truth value."""
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "async def f():\n    await workflow.execute_activity_method(A.b, 1)",
        "async def f():\n    await workflow.wait_condition(g, timeout=1)",
        "async def f():\n    if not await workflow.wait_condition(g): pass",
        "async def f():\n    timed_out = await workflow.wait_condition(g)",
    ],
)
def test_a_planted_fault_is_seen(planted: str) -> None:
    """The check can fail."""
    assert faults(planted)
