"""The figures of a run as rows: what was measured, what it should be, what it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `is_met` None where nothing is aimed at."""

    what: str
    value: str
    target: str = ""
    is_met: bool | None = None

    def cells(self) -> tuple[str, str, str, str]:
        """As text."""
        return self.what, self.value, self.target, {None: "", True: "yes", False: "no"}[self.is_met]


def rows(figures: dict[str, Any]) -> list[Row]:
    """Every row of a run."""
    found: list[Row] = []
    for turns in figures.get("turns", []):
        found += _turns(turns)
    if busy := figures.get("busy"):
        found += _busy(busy)
    if calls := figures.get("calls"):
        found += _calls(calls)
    return found


def _turns(turns: dict[str, Any]) -> Iterator[Row]:
    live, ours, floor = turns["live"], turns["ours_ms"], turns["floor_ms"]
    yield Row(f"turn at {live} live: p50 / p95 / p99", _spread(ours))
    yield Row(f"the floor at {live} live: p50 / p95 / p99", _spread(floor))
    over50, over99 = ours["p50"] - floor["p50"], ours["p99"] - floor["p99"]
    if live <= 200:  # noqa: PLR2004 - what is promised
        yield Row(f"over the floor at {live} live, p50", f"{over50:.1f} ms", "≤ 2 ms", over50 <= 2)  # noqa: PLR2004
        yield Row(f"over the floor at {live} live, p99", f"{over99:.1f} ms", "≤ 10 ms", over99 <= 10)  # noqa: PLR2004
    lost = turns["lost"]
    yield Row(f"turns at {live} live: lost of {ours['count'] + lost}", str(lost), "0", lost == 0)
    cpu, memory = turns["cpu_percent_of_a_core_per_live"], turns["memory_bytes_per_live"] / 1000
    floor_cpu = turns["floor_cpu_percent_of_a_core_per_live"]
    if live >= 200:  # noqa: PLR2004 - with fewer it is what a process takes that has nothing to do
        yield Row(f"CPU of a core per conversation at {live} live", f"{cpu:.3f} %", "≤ 0.1 %", cpu <= 0.1)  # noqa: PLR2004
        yield Row(f"the floor's CPU per conversation at {live} live", f"{floor_cpu:.3f} %")
        yield Row(f"memory per conversation at {live} live", f"{memory:.0f} kB", "≤ 100 kB", memory <= 100)  # noqa: PLR2004
        floor_memory = turns["floor_memory_bytes_per_live"] / 1000
        yield Row(f"the floor's memory per conversation at {live} live", f"{floor_memory:.0f} kB")


def _busy(busy: dict[str, Any]) -> Iterator[Row]:
    idle, dialling, first = busy["idle_ms"], busy["dialling_ms"], busy["first_words_ms"]
    floor_idle, floor_dialling = busy["floor_idle_ms"], busy["floor_dialling_ms"]
    while_dialling = f"while {busy['dials']} dials run"
    yield Row("turn at 20 live, nothing else: p50 / p95 / p99", _spread(idle))
    yield Row(f"turn at 20 live {while_dialling}: p50 / p95 / p99", _spread(dialling))
    yield Row(f"turn at 20 live while {busy['dials']} whole calls run: p50 / p95 / p99", _spread(busy["calling_ms"]))
    yield Row("the floor at 20 live, nothing else: p50 / p95 / p99", _spread(floor_idle))
    yield Row(f"the floor at 20 live {while_dialling}: p50 / p95 / p99", _spread(floor_dialling))
    apart_idle, apart_dialling = busy["apart_idle_ms"], busy["apart_dialling_ms"]
    yield Row("turn at 20 live in a gateway of their own: p50 / p95 / p99", _spread(apart_idle))
    yield Row(f"turn at 20 live in a gateway of their own {while_dialling}: p50 / p95 / p99", _spread(apart_dialling))
    crowd, crowd_dialling = busy["crowd_idle_ms"], busy["crowd_dialling_ms"]
    crowd_floor, crowd_floor_dialling = busy["crowd_floor_idle_ms"], busy["crowd_floor_dialling_ms"]
    yield Row("turn at 200 live, nothing else: p50 / p95 / p99", _spread(crowd))
    yield Row(f"turn at 200 live {while_dialling}: p50 / p95 / p99", _spread(crowd_dialling))
    yield Row("the floor at 200 live, nothing else: p50 / p95 / p99", _spread(crowd_floor))
    yield Row(f"the floor at 200 live {while_dialling}: p50 / p95 / p99", _spread(crowd_floor_dialling))
    for name, most in (("p50", 1.1), ("p99", 2.0)):
        ratio = crowd_dialling[name] / crowd[name]
        yield Row(f"{name} at 200 live while dialling, as a multiple", f"{ratio:.2f}", f"≤ {most:g}", ratio <= most)
        floors = crowd_floor_dialling[name] / crowd_floor[name]
        yield Row(f"the floor's {name} at 200 live while dialling, as a multiple", f"{floors:.2f}")
    for name, most in (("p50", 1.1), ("p99", 2.0)):
        ratio, floors = dialling[name] / idle[name], floor_dialling[name] / floor_idle[name]
        yield Row(f"{name} while dialling, as a multiple", f"{ratio:.2f}", f"≤ {most:g}", ratio <= most)
        apart = apart_dialling[name] / apart_idle[name]
        yield Row(f"{name} while dialling, in a gateway of their own", f"{apart:.2f}", f"≤ {most:g}", apart <= most)
        yield Row(f"the floor's {name} while dialling, as a multiple", f"{floors:.2f}")
    yield Row("dials and calls accepted meanwhile", f"{busy['accepted']}, refused {len(busy['refused'])}")
    yield Row("answered → first words at 20 live: p50 / p95 / p99", _spread(first), "p50 ≤ 10 ms", first["p50"] <= 10)  # noqa: PLR2004


def _calls(calls: dict[str, Any]) -> Iterator[Row]:
    accepted, whole, share = calls["accepted_per_second"], calls["whole_calls_per_second"], calls["share_of_floor"]
    burst = calls["burst"]
    yield Row(f"requests accepted, burst of {burst}", f"{accepted:.1f} /s", "≥ 30 /s", accepted >= 30)  # noqa: PLR2004
    yield Row("requests refused", str(len(calls["refused"])), "0", not calls["refused"])
    yield Row(f"whole calls, burst of {burst} to the last record", f"{whole:.1f} /s", "≥ 15 /s", whole >= 15)  # noqa: PLR2004
    yield Row("the engine's floor: as many activities and signals", f"{calls['engine_floor_per_second']:.1f} /s")
    yield Row("whole calls as a share of the floor", f"{share:.2f}", "≥ 0.7", share >= 0.7)  # noqa: PLR2004
    history = calls["history"]
    kinds = ", ".join(f"{history[name]} {name.replace('_', ' ')}" for name in history if name != "events")
    yield Row("history events per answered call", f"{history['events']} ({kinds})", "≤ 65", history["events"] <= 65)  # noqa: PLR2004


def _spread(spread: dict[str, float]) -> str:
    return f"{spread['p50']:.1f} / {spread['p95']:.1f} / {spread['p99']:.1f} ms"


def as_text(found: list[Row]) -> str:
    """A table for a terminal."""
    cells = [("measured", "is", "should be", "met"), *(row.cells() for row in found)]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )
