"""What every verb has in common, because the engine would not say so."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "activities"
_VERB = "activity.defn"


def optional_parameters(source: str) -> Iterator[str]:
    """The verbs in a source text that may be given fewer arguments than they have parameters."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.AsyncFunctionDef) or not (node.args.defaults or node.args.kw_defaults):
            continue
        if _VERB in {ast.unparse(one) for one in node.decorator_list}:
            yield node.name


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_no_verb_has_an_optional_parameter(path: Path) -> None:
    """Given fewer arguments than parameters, the SDK forgets the types of all of them: models arrive as dictionaries.

    A new argument of a verb that calls under way may ask for is a new verb, or a field of its model.
    """
    assert list(optional_parameters(path.read_text(encoding="utf-8"))) == []


def test_a_planted_optional_parameter_is_seen() -> None:
    """The check can fail."""
    planted = "class V:\n    @activity.defn\n    async def save(self, call_id: str, told: bool = False) -> None: ..."
    assert list(optional_parameters(planted)) == ["save"]
