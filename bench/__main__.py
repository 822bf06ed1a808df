"""`python -m bench`: measure Ringback beside the floors it stands on. Prints a table, keeps .run/bench.json."""

import argparse
import asyncio
import json
from pathlib import Path

from bench.speed.page import as_page
from bench.speed.report import as_text, rows
from bench.speed.run import FULL, PARTS, QUICK, measure
from runtime.leaving import leave

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


def _say(text: str) -> None:
    print(text, flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two minutes instead of thirty-five; the numbers mean little"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this; may be repeated")
    parser.add_argument("--run-dir", type=Path, default=Path(".run"), help="where bench.json and the stack's data go")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md from this run")
    parser.add_argument(
        "--from-json", type=Path, help="measure nothing: show (and write) the figures of an earlier run"
    )
    return parser.parse_args()


def main() -> int:
    """Measure; 0 whatever the figures are, because a busy machine is no fault."""
    asked = _parse()
    if asked.from_json:
        figures = json.loads(asked.from_json.read_text())
    else:
        length = QUICK if asked.quick else FULL
        figures = asyncio.run(measure(asked.run_dir / "bench", length, tuple(asked.only or PARTS), _say))
        asked.run_dir.mkdir(parents=True, exist_ok=True)
        (asked.run_dir / "bench.json").write_text(json.dumps(figures, indent=2) + "\n")
    _say(as_text(rows(figures)))
    if asked.write:
        PAGE.write_text(as_page(figures))
    return 0


if __name__ == "__main__":
    leave(main())
