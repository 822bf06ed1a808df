"""Writes the pages that are data, not prose: `python -m runtime.pages`. A test holds the committed pages against it."""

import ast
import inspect
import sys
from itertools import pairwise
from pathlib import Path

from calls import facts
from calls.facts import CarrierFact, Fact, TransferFact
from calls.policy import Policy

DOCS = Path(__file__).resolve().parent.parent / "docs"
_MADE = "<!-- Made by `python -m runtime.pages` from the code; edit the code. -->\n\n"


def lifecycle() -> str:
    """The states a call passes, the facts that prove them, and the timers."""
    return (
        f"{_MADE}# Life of a call\n\nA call is the set of facts known about it. Its state is the furthest point that "
        "the facts prove; nothing waits for a state to be exactly something.\n\n"
        "```mermaid\nstateDiagram-v2\n"
        "  [*] --> registered\n  registered --> dialling: dial attempted\n  registered --> ringing: call received\n"
        "  dialling --> ringing: call ringing\n"
        "  ringing --> answered: call answered\n  dialling --> answered: call answered\n"
        "  answered --> conversation: conversation started\n  conversation --> transferred: transfer bridged\n"
        "  registered --> over: closing\n  dialling --> over: refused, lost or completed\n  ringing --> over\n"
        "  answered --> over\n  conversation --> over\n  transferred --> over\n  over --> [*]\n```\n\n"
        f"## Facts\n\n| fact | what it says |\n|---|---|\n{_fact_rows()}\n\n"
        f"## Timers\n\nSeconds; a deployment moves the defaults with `RINGBACK_POLICY__<NAME>`.\n\n"
        f"| timer | default | meaning |\n|---|---|---|\n{_timer_rows()}\n"
    )


def _fact_rows() -> str:
    abstract = (Fact, CarrierFact, TransferFact)
    kinds = [
        kind
        for kind in vars(facts).values()
        if inspect.isclass(kind) and issubclass(kind, Fact) and kind not in abstract
    ]
    return "\n".join(f"| `{kind.kind}` | {' '.join((inspect.getdoc(kind) or '').split())} |" for kind in kinds)


def _timer_rows() -> str:
    """Each timer's default, with the docstring that follows it in the source."""
    body = ast.parse(inspect.getsource(Policy)).body[0]
    if not isinstance(body, ast.ClassDef):
        raise TypeError("Policy is a class")
    meanings: dict[str, str] = {}
    for one, following in pairwise(body.body):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(following, ast.Expr):
            meanings[one.target.id] = " ".join(str(ast.literal_eval(following.value)).split())
    return "\n".join(
        f"| `{name}` | {field.default:g} | {meanings[name]} |" for name, field in Policy.model_fields.items()
    )


def pages() -> dict[Path, str]:
    """Every made page by its path."""
    return {DOCS / "lifecycle.md": lifecycle()}


def main() -> int:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
