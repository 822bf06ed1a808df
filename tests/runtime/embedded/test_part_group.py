"""Parts that live and die together."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from runtime.embedded.part import PartFailedError
from runtime.embedded.part_group import PartGroup
from tests.runtime.embedded.standins import FAILS, FAILS_WHILE, SIGNS_OFF, SILENT, SLEEPS, new_pid, recipe, until


async def test_one_failure_ends_the_waiting_for_all(group: PartGroup) -> None:
    """What cannot start is reported at once, and parts that were still coming up are down."""
    with pytest.raises(PartFailedError, match="no such database"):
        await group.start([recipe("slow", SILENT, ready_within=60), recipe("storage", FAILS)])
    assert not [name for name, part in group.parts.items() if part.is_running]


async def test_a_dead_worker_is_restarted(group: PartGroup) -> None:
    """An expendable part that dies is announced and comes up again as another process."""
    said: list[str] = []
    await group.start([recipe("worker", SLEEPS)])
    watching = asyncio.create_task(group.supervise({"worker"}, restarts=2, say=said.append))
    worker = group.parts["worker"]
    for _ in range(2):
        await _crash_and_await_another_life(group, "worker")
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(PartFailedError, match=r"worker died \(killed by SIGKILL\)"):
        await watching
    assert [text.count("Restarting worker") for text in said] == [1, 1]


async def _crash_and_await_another_life(group: PartGroup, name: str) -> None:
    part = group.parts[name]
    first = part.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await new_pid(part, after=first)
    await until(lambda: part.is_ready)


async def test_a_dead_engine_takes_the_stack_down(group: PartGroup) -> None:
    """A part that holds data is not restarted behind anybody's back."""
    await group.start([recipe("mongod", SLEEPS), recipe("worker", SLEEPS)])
    pid = group.parts["mongod"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(PartFailedError, match="mongod died"):
        await group.supervise({"worker"}, restarts=5, say=print)


async def test_a_restart_that_fails_is_reported(group: PartGroup, tmp_path: Path) -> None:
    """A part that cannot come up again ends the supervision with its own last words."""
    flag = tmp_path / "flag"
    await group.start([recipe("worker", FAILS_WHILE, str(flag))])
    flag.touch()
    pid = group.parts["worker"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(PartFailedError, match="still there"):
        await group.supervise({"worker"}, restarts=5, say=lambda _: None)


async def test_what_was_killed_on_purpose_is_left_alone(group: PartGroup) -> None:
    """Whoever kills, stops or restarts a part by its name is not contradicted."""
    await group.start([recipe("worker", SLEEPS)])
    worker = group.parts["worker"]
    watching = asyncio.create_task(group.supervise({"worker"}, restarts=5, say=lambda _: None))
    for end in (worker.kill, worker.stop, worker.restart):
        await end()
        done, _ = await asyncio.wait({watching}, timeout=0.2)
        assert not done
        await worker.start()
    await _crash_and_await_another_life(group, "worker")
    watching.cancel()


async def test_parts_stop_in_reverse_order(group: PartGroup, tmp_path: Path) -> None:
    """What was started last is stopped first, so that nothing loses what it stands on."""
    order = tmp_path / "order"
    for name in ("mongod", "gateway", "worker"):
        await group.start([recipe(name, SIGNS_OFF, str(order), name)])
    await group.stop()
    assert order.read_text().split() == ["worker", "gateway", "mongod"]
