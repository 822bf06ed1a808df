"""Load generators: processes of their own, told what to do on their command line, answering in lines."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
TETHER = REPOSITORY / "runtime" / "embedded" / "tether.py"  # nothing outlives even a killed run
LINE_LIMIT = 16 * 1024 * 1024


class ChildFailedError(Exception):
    """A load generator ended before its work was done."""


class Child:
    """A running one."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self._name = name
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def line(self, within_seconds: float) -> str:
        """The next line that it prints. Raises ChildFailedError, TimeoutError."""
        if self._process.stdout is None:
            raise ChildFailedError(self._name)
        text = await asyncio.wait_for(self._process.stdout.readline(), within_seconds)
        if not text:
            raise ChildFailedError(f"{self._name} ended with {await self._process.wait()}")
        return text.decode().strip()

    async def answer(self, within_seconds: float) -> Any:
        """The next line, read as JSON."""
        return json.loads(await self.line(within_seconds))

    def go_on(self) -> None:
        """Give it the word that it waits for."""
        if self._process.stdin is not None:
            self._process.stdin.write(b"\n")


@asynccontextmanager
async def child(module: str, *arguments: Any) -> AsyncIterator[Child]:
    """`python -m module arguments…`, each argument as JSON unless it is text; killed at the end."""
    texts = [argument if isinstance(argument, str) else json.dumps(argument) for argument in arguments]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), "0", sys.executable, "-m", module, *texts),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
    )
    try:
        yield Child(module, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
