"""Tiny programs in the place of parts."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from runtime.embedded.part import Part, Recipe
from runtime.embedded.probes import logs

SLEEPS = "import time; print('ready', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
FAILS = "import sys; print('no such database', flush=True); sys.exit(3)"
SILENT = "import time; time.sleep(600)"
# Fails as long as the file that its argument names is there.
FAILS_WHILE = (
    "import os, sys, time\nif os.path.exists(sys.argv[1]): sys.exit('still there')\n"
    "print('ready', flush=True)\ntime.sleep(600)"
)

# Writes its name, which is its argument, when it is asked to end.
SIGNS_OFF = (
    "import signal, sys, time\n"
    "def end(*_):\n    open(sys.argv[1], 'a').write(sys.argv[2] + '\\n'); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\nprint('ready', flush=True)\ntime.sleep(600)"
)


def recipe(name: str, program: str, *arguments: str, ready_within: float = 10, stop_within: float = 10) -> Recipe:
    """A part that runs a Python program and is ready when it prints so."""
    return Recipe(
        name=name,
        command=[sys.executable, "-c", program, *arguments],
        environment=dict(os.environ),
        ready=logs("ready"),
        ready_within_seconds=ready_within,
        stop_within_seconds=stop_within,
    )


async def until(true: Callable[[], bool]) -> None:
    """Look again every few milliseconds, for 10 s at most: the system says nothing when a process changes."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  # nobody could set an event
            await asyncio.sleep(0.002)


async def new_pid(part: Part, *, after: int | None) -> int:
    """The process id of a part's next life, once it has begun."""
    await until(lambda: part.pid not in {None, after})
    assert part.pid is not None
    return part.pid


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
