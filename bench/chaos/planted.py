"""Bugs planted in the product's own source, one for each invariant, to see that a run finds them.

A chaos suite that never fails proves nothing. Each plant is made in a copy of the source tree; the run that follows
is the ordinary one, with only the faults that bring the bug to light, and enough calls that some meet the bug: one
that is stuck in the carrier's queue, which nobody but us ends, or a callee who interrupts.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LEFT_OUT = (".*", "__pycache__", "tests", "docs")
_RUN_WITHIN_SECONDS = 420


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One bug: `right` in `file` becomes `wrong`. `faults` bring it to light; empty: none are needed."""

    invariant: int
    bug: str
    file: str
    right: str
    wrong: str
    faults: tuple[str, ...] = ()
    calls: int = 30


PLANTS: tuple[Plant, ...] = (
    Plant(
        invariant=1,
        bug="a dial whose answer was lost is made again",
        file="workflows/dialling.py",
        right="while (outcome := await self._dial_once()).result is DialResult.NOT_PROCESSED:",
        wrong="while (outcome := await self._dial_once()).result in (DialResult.NOT_PROCESSED, DialResult.AMBIGUOUS):",
        faults=("create-500-after",),
    ),
    Plant(
        invariant=2,
        bug="a call is hung up in the record only",
        file="workflows/wrapping_up.py",
        right="while not is_done():",
        wrong="while False:",
        calls=120,
    ),
    Plant(
        invariant=3,
        bug="what hanging up causes is taken for the cause",
        file="calls/lifecycle.py",
        right="if closing := call.fact(f.Closing):",
        wrong="if (closing := call.fact(f.Closing)) and not call.knows(f.CallCompleted):",
    ),
    Plant(
        invariant=4,
        bug="what was sent to be spoken counts as spoken",
        file="conversation/playback.py",
        right="return self.text[: self.played].strip()",
        wrong="return self.text.strip()",
    ),
    Plant(
        invariant=5,
        bug="signatures are not compared",
        file="adapters/twilio/signature.py",
        right="return any([_same(computed, signature) for computed in signatures])",
        wrong="return bool(signatures) or any([_same(computed, signature) for computed in signatures])",
    ),
    Plant(
        invariant=6,
        bug="of a key that comes twice the last one counts",
        file="gateway/bodies.py",
        right="object_pairs_hook=_distinct, ",
        wrong="",
    ),
)


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a run said of a planted bug: the questions that found something, with how much; None: it did not end."""

    plant: Plant
    found: dict[str, int] | None
    invariants: frozenset[int] = frozenset()

    @property
    def is_seen(self) -> bool:
        """Whether the invariant that the bug breaks was found broken."""
        return self.plant.invariant in self.invariants


def plant(bug: Plant, into: Path) -> None:
    """Copy the source tree and make the change. Raises ValueError when the line is not there exactly once."""
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(ROOT, into, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    file = into / bug.file
    source = file.read_text("utf-8")
    if source.count(bug.right) != 1:
        raise ValueError(f"{bug.file} has {source.count(bug.right)} times {bug.right!r}: the plant is out of date")
    file.write_text(source.replace(bug.right, bug.wrong), "utf-8")


def harvest(seed: int, folder: Path, say: Callable[[str], None], invariants: Collection[int] = ()) -> Iterator[Harvest]:
    """Plant one bug after the other and run each; those of some invariants only, where any are named. Blocks."""
    for bug in PLANTS:
        if invariants and bug.invariant not in invariants:
            continue
        place = folder / f"invariant-{bug.invariant}"
        plant(bug, place / "source")
        say(f"invariant {bug.invariant}: {bug.bug}")
        yield _run(bug, seed, place)


def _run(bug: Plant, seed: int, place: Path) -> Harvest:
    command = [sys.executable, "-m", "bench.chaos", "--calls", str(bug.calls), "--seed", str(seed), "--rate", "2"]
    command += ["--only-faults", ",".join(bug.faults), "--run-dir", str(place)]
    with (place / "output.log").open("wb") as output:
        subprocess.run(  # noqa: S603 - our own command
            command, cwd=place / "source", stdout=output, stderr=output, timeout=_RUN_WITHIN_SECONDS, check=False
        )
    report = place / f"chaos-{seed}" / "report.json"
    if not report.exists():
        return Harvest(bug, None)
    checks = [one for one in json.loads(report.read_text("utf-8"))["checks"] if one["findings"]]
    found = {one["check"]: len(one["findings"]) for one in checks}
    return Harvest(bug, found, frozenset(one["invariant"] for one in checks))
