"""What the measurements stand on: percentiles, the kernel's figures, the load generator against the floor, the page."""

import json
import os
from typing import Any

from bench.speed.children import child
from bench.speed.figures import Spread, Usage
from bench.speed.page import as_page
from bench.speed.report import rows
from runtime.embedded.ports import choose

SPREAD = {"count": 10, "p50": 2.0, "p95": 3.0, "p99": 4.0}
FIGURES: dict[str, Any] = {
    "at": "2026-11-23T12:00:00+00:00",
    "machine": "2 cores",
    "load_before": 0.1,
    "turns": [
        {
            "live": 200,
            "ours_ms": SPREAD,
            "floor_ms": {**SPREAD, "p50": 1.0},
            "lost": 0,
            "cpu_percent_of_a_core_per_live": 0.2,
            "floor_cpu_percent_of_a_core_per_live": 0.04,
            "memory_bytes_per_live": 90_000,
            "floor_memory_bytes_per_live": 30_000,
        }
    ],
    "busy": {
        "dials": 60,
        "accepted": 180,
        "refused": [],
        **{f"{name}_ms": SPREAD for name in ("idle", "calling", "first_words", "floor_idle", "floor_dialling")},
        **{
            f"{name}_ms": SPREAD
            for name in ("apart_idle", "apart_dialling", "crowd_floor_idle", "crowd_floor_dialling")
        },
        "dialling_ms": {**SPREAD, "p50": 3.0},
        "crowd_idle_ms": SPREAD,
        "crowd_dialling_ms": {**SPREAD, "p99": 9.0},
    },
}


def test_spread() -> None:
    """Percentiles are by nearest rank, in milliseconds."""
    assert Spread.of([number / 1000 for number in range(1, 101)]) == Spread(100, 51.0, 96.0, 100.0)


def test_usage_of_a_process() -> None:
    """The kernel says what this very process has used."""
    usage = Usage.of(os.getpid())
    assert usage.cpu_seconds > 0
    assert usage.memory_bytes > 1024 * 1024


def test_rows_judge_against_targets() -> None:
    """A row says whether its target was met, and the page has every row."""
    judged = {row.what: row.is_met for row in rows(FIGURES)}
    assert judged["over the floor at 200 live, p50"] is True
    assert judged["CPU of a core per conversation at 200 live"] is False
    assert judged["memory per conversation at 200 live"] is True
    assert judged["p50 while dialling, as a multiple"] is False
    assert judged["p50 at 200 live while dialling, as a multiple"] is True
    assert judged["p99 at 200 live while dialling, as a multiple"] is False
    page = as_page(FIGURES)
    assert all(f"| {what} |" in page for what in judged)


async def test_load_against_the_floor() -> None:
    """The load generator talks over a relay that only forwards, and loses nothing."""
    ports = choose(["agent", "floor"], {})
    load = {"port": ports["floor"], "agent_port": ports["agent"], "call_ids": ["a", "b"], "auth_token": "made-up"}
    load |= {"floor": True, "seconds": 1.0, "turn_every": 0.5, "token_count": 3}
    async with child("bench.speed.floor", str(ports["floor"]), f"ws://127.0.0.1:{ports['agent']}/llm") as floor:
        assert await floor.line(20) == "floor ready"
        async with child("bench.speed.load_relays", json.dumps(load)) as callees:
            assert await callees.line(20) == "live"
            callees.go_on()
            result = await callees.answer(20)
    assert (result["lost"], result["broken"]) == (0, 0)
    assert len(result["overheads"]) >= 2
    assert all(0 < overhead < 5 for overhead in result["overheads"])
