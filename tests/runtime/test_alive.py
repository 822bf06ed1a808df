"""The file that says that a process does its work."""

import asyncio
import os
from pathlib import Path

import pytest

from runtime.alive import keep_fresh


class Work:
    """Is well or not, and counts how often it was asked."""

    def __init__(self) -> None:
        self.is_well = True
        self.asked = asyncio.Condition()
        self.times = 0

    async def check(self) -> None:
        async with self.asked:
            self.times += 1
            self.asked.notify_all()
        if not self.is_well:
            raise ConnectionError("Temporal did not answer")

    async def checked(self, times: int) -> None:
        """Wait for so many more looks, and for what follows the last but one."""
        async with asyncio.timeout(10), self.asked:
            until = self.times + times
            await self.asked.wait_for(lambda: self.times >= until)


async def test_a_file_is_fresh_while_the_work_is_done(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is touched after each good look, ages after bad ones, which the log tells once, and goes with its process."""
    file, work = tmp_path / "alive", Work()
    keeping = asyncio.create_task(keep_fresh(file, work.check, every=0.01))
    await work.checked(2)
    os.utime(file, (1, 1))
    await work.checked(2)
    assert file.stat().st_mtime > 1
    work.is_well = False
    await work.checked(2)
    os.utime(file, (1, 1))
    await work.checked(3)
    assert file.stat().st_mtime == 1
    assert [record.message for record in caplog.records] == ["not well: Temporal did not answer"]
    work.is_well = True
    await work.checked(2)
    assert file.stat().st_mtime > 1
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert not file.exists()
