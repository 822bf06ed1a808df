"""All measurements of one run, in the order in which they disturb each other least."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.speed.figures import machine
from bench.speed.house import House, housed
from bench.speed.turns import TurnLoad, measure_turns
from bench.speed.under_dials import measure_busy
from bench.speed.whole_calls import BURST, measure_whole_calls

PARTS = ("busy", "calls", "turns")


@dataclass(frozen=True)
class Length:
    """How long a run measures."""

    loads: tuple[TurnLoad, ...]
    dials: int
    busy_seconds: float
    busy_rounds: int
    burst: int


FULL = Length(
    loads=(TurnLoad(20, 48, 3), TurnLoad(200, 24, 3), TurnLoad(1000, 16, 2)),
    dials=60,
    busy_seconds=30,
    busy_rounds=3,
    burst=BURST,
)
QUICK = Length(loads=(TurnLoad(20, 8, 1, 2.0), TurnLoad(100, 8, 1)), dials=10, busy_seconds=8, busy_rounds=1, burst=20)


async def measure(run_dir: Path, length: Length, parts: tuple[str, ...], say: Callable[[str], None]) -> dict[str, Any]:
    """Everything that was asked for, as JSON values."""
    figures: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load_before": os.getloadavg()[0],
    }
    begun = time.monotonic()
    async with housed(run_dir) as house:
        say(f"stack up after {time.monotonic() - begun:.0f} s")
        if "busy" in parts:
            say(f"turns and first words at 20 live, while {length.dials} dials run and while none do")
            busy = await measure_busy(house, dials=length.dials, seconds=length.busy_seconds, rounds=length.busy_rounds)
            figures["busy"] = busy.as_json()
        if "calls" in parts:
            say(f"whole calls: a burst of {length.burst}, then the engine's floor")
            figures["calls"] = await _calls(house, length)
        if "turns" in parts:
            figures["turns"] = []
            for load in length.loads:
                say(f"turns: {load.live} live, {load.rounds} rounds of {load.seconds:g} s for each relay")
                figures["turns"].append((await measure_turns(house, load)).as_json())
    figures["load_after"] = os.getloadavg()[0]
    figures["took_seconds"] = round(time.monotonic() - begun)
    return figures


async def _calls(house: House, length: Length) -> dict[str, Any]:
    calls = await measure_whole_calls(house, length.burst)
    return {**asdict(calls), "share_of_floor": calls.share_of_floor}
