"""`python -m bench.reasons`: every finish reason, brought about over the real stack and the pretend carrier."""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.reasons.report import is_proven, table, write
from bench.reasons.stories import MISSING, STORIES
from bench.reasons.story import SETTINGS, SPEED
from bench.reasons.telling import tell
from runtime.embedded.stack import EmbeddedStack, StackOptions


def main() -> int:
    """Tell all stories, or those of the named reasons; exit code 1 unless every one came out as it must."""
    parser = argparse.ArgumentParser(prog="python -m bench.reasons", description=__doc__)
    parser.add_argument("reasons", nargs="*", help="only these finish reasons")
    parser.add_argument(
        "--run-dir", type=Path, default=Path(os.environ.get("RUN_DIR") or ".run"), help="where reasons.json goes"
    )
    chosen = parser.parse_args()
    return asyncio.run(_run(set(chosen.reasons), chosen.run_dir))


async def _run(reasons: set[str], run_dir: Path) -> int:
    stories = [story for story in STORIES if not reasons or story.reason in reasons]
    missing = {reason: why for reason, why in MISSING.items() if not reasons or reason in reasons}
    # A folder of its own: another stack may be running in the run folder, and its records are not ours to add to.
    with tempfile.TemporaryDirectory(prefix="reasons-") as folder:
        options = StackOptions(run_dir=Path(folder), speed=SPEED, settings=SETTINGS)
        async with EmbeddedStack(options) as stack:
            began = time.monotonic()
            outcomes = await tell(stories, stack.addresses)
            seconds = time.monotonic() - began
    file = run_dir / "reasons.json"
    write(file, outcomes, missing, seconds)
    print(f"{table(outcomes, missing)}, {seconds:.0f} s; evidence in {file}")
    return 0 if is_proven(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
