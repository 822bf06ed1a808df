"""One process: ready or explained, stopped or killed, never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.embedded.part import REPOSITORY, Part, PartFailedError
from tests.runtime.embedded.standins import DEAF, FAILS, SILENT, SLEEPS, is_alive, new_pid, recipe


async def test_a_part_is_started_stopped_and_started_again(tmp_path: Path) -> None:
    """Stopping asks with SIGTERM, and another start is another process."""
    part = Part(recipe("sleeper", SLEEPS), tmp_path)
    await part.start()
    first = part.pid
    assert first is not None
    assert is_alive(first)
    await part.stop()
    assert part.exit_code == -signal.SIGTERM
    assert part.pid is None
    await part.restart()
    assert part.pid not in {None, first}
    await part.kill()
    assert part.exit_code == -signal.SIGKILL


async def test_a_part_leads_its_own_session(tmp_path: Path) -> None:
    """Ctrl-C in the terminal reaches the supervisor, which stops the parts in order."""
    part = Part(recipe("sleeper", SLEEPS), tmp_path)
    await part.start()
    assert part.pid is not None
    assert os.getsid(part.pid) == part.pid
    await part.stop()


async def test_a_part_may_step_back_for_others(tmp_path: Path) -> None:
    """Its processes weigh less, and so does its session where the kernel shares time out by sessions."""
    part = Part(replace(recipe("sleeper", SLEEPS), niceness=5), tmp_path)
    await part.start()
    assert part.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, part.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5
    assert weight_of_its_session(part.pid) in {None, "nice 5"}
    await part.stop()


def weight_of_its_session(pid: int) -> str | None:
    group = Path(f"/proc/{pid}/autogroup")
    return " ".join(group.read_text().split()[1:]) if group.exists() else None


async def test_a_part_that_ends_early_is_explained(tmp_path: Path) -> None:
    """The failure names the part, its exit code and the end of its log."""
    part = Part(recipe("storage", FAILS), tmp_path)
    with pytest.raises(PartFailedError, match=r"storage ended before it was ready \(exit code 3\)") as failed:
        await part.start()
    assert "no such database" in str(failed.value)
    assert str(tmp_path / "storage.log") in str(failed.value)


async def test_last_words_are_of_this_life(tmp_path: Path) -> None:
    """What an earlier run logged neither makes a part ready nor explains its end."""
    (tmp_path / "storage.log").write_text("ready\nan older story\n")
    part = Part(recipe("storage", FAILS), tmp_path)
    with pytest.raises(PartFailedError) as failed:
        await part.start()
    assert "older story" not in str(failed.value)


async def test_a_part_that_is_never_ready_is_killed(tmp_path: Path) -> None:
    """The deadline is kept, said, and leaves no process."""
    part = Part(recipe("storage", SILENT, ready_within=0.3), tmp_path)
    with pytest.raises(PartFailedError, match=r"storage was not ready after 0.3 s"):
        await part.start()
    assert not part.is_running


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing program ends its part like any other failure."""
    missing = recipe("engine", "")
    part = Part(type(missing)(name="engine", command=["/nonexistent/engine"], ready=missing.ready), tmp_path)
    with pytest.raises(PartFailedError, match="/nonexistent/engine"):
        await part.start()


async def test_a_deaf_part_is_killed_after_its_time(tmp_path: Path) -> None:
    """A part that ignores SIGTERM gets SIGKILL."""
    part = Part(recipe("deaf", DEAF, stop_within=0.3), tmp_path)
    await part.start()
    await part.stop()
    assert part.exit_code == -signal.SIGKILL


async def test_a_cancelled_start_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while a part is coming up takes it down."""
    part = Part(recipe("slow", SILENT, ready_within=60), tmp_path)
    starting = asyncio.create_task(part.start())
    pid = await new_pid(part, after=None)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not is_alive(pid)


SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from runtime.embedded.part import Part
from tests.runtime.embedded.standins import DEAF, recipe

async def main():
    part = Part(recipe("orphan", DEAF), Path(sys.argv[1]))
    await part.start()
    print(part.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    """Kill -9 of the supervisor takes even a part down that ignores signals."""
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    with subprocess.Popen(  # noqa: S603  # this file's own program
        command, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": "."}, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        orphan = int(supervisor.stdout.readline())
        assert is_alive(orphan)
        supervisor.kill()
    deadline = time.monotonic() + 10
    while is_alive(orphan) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(orphan)
