"""Numbers about numbers, and what the kernel says of a process."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12  # places of the times in /proc/<pid>/stat, counted behind the name (proc(5))


@dataclass(frozen=True, slots=True)
class Spread:
    """A sample of durations, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Spread":
        """Of durations in seconds; nearest rank."""
        ordered = sorted(seconds)
        return cls(len(ordered), *(1000 * _rank(ordered, share) for share in (0.50, 0.95, 0.99)))


def _rank(ordered: Sequence[float], share: float) -> float:
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far: seconds of a core, and bytes of memory of its own."""

    cpu_seconds: float
    memory_bytes: int

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Of a running process (Linux)."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        anonymous = next(line for line in status if line.startswith("RssAnon:"))
        return cls((int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS, int(anonymous.split()[1]) * 1024)


def machine() -> str:
    """On what the numbers were measured."""
    cpus = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return f"{os.cpu_count()} cores ({cpus[0] if cpus else 'unknown'})"
