"""One process of the stack: started as a person would start it by hand, watched, and stopped."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runtime.embedded.probes import Probe

REPOSITORY = Path(__file__).resolve().parents[2]

_TETHER = Path(__file__).with_name("tether.py")
_PROBE_EVERY_SECONDS = 0.05
_SHOWN_LINES = 20
_SHOWN_BYTES = 16_384


class PartFailedError(Exception):
    """A part did not start, or died; the text names it and ends with what it said last."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a part is started, how it shows that it is ready, and how long it may take to stop.

    `niceness` (0 to 19) is how far it steps back where processor time is short: talk goes before dialling.
    """

    name: str
    command: Sequence[str]
    ready: Probe
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_within_seconds: float = 30.0
    stop_within_seconds: float = 10.0
    niceness: int = 0


class Part:
    """A named child process in a session of its own, so that Ctrl-C reaches us and not it."""

    def __init__(self, recipe: Recipe, log_folder: Path) -> None:
        self.recipe = recipe
        self.log_path = log_folder / f"{recipe.name}.log"
        self.stopped_on_purpose = False
        self._process: asyncio.subprocess.Process | None = None
        self._reborn = asyncio.Event()
        self._ready = False
        self._log_begins = 0

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self.is_running else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def is_ready(self) -> bool:
        """Whether it runs and has shown that it is ready."""
        return self._ready and self.is_running

    @property
    def exit_code(self) -> int | None:
        """What it ended with: negative for the signal that killed it, None while it runs."""
        return self._process.returncode if self._process is not None else None

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            PartFailedError: It could not be started, died, or was not ready in time; it is not running then.
        """
        if self.is_running:
            return
        await self._spawn()
        try:
            async with asyncio.timeout(self.recipe.ready_within_seconds):
                await self._until_ready()
            self._ready = True
        except TimeoutError:
            await self._end(signal.SIGKILL)
            raise self._failure(f"was not ready after {self.recipe.ready_within_seconds:g} s") from None
        except BaseException:
            await self._end(signal.SIGKILL)
            raise

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        self.stopped_on_purpose = True
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill it as a crash would, without a chance to tidy up."""
        self.stopped_on_purpose = True
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop it, if it runs, and start it again."""
        await self.stop()
        await self.start()

    async def death(self) -> None:
        """Return when it has died without being told to, in this life or a later one."""
        while True:
            process, reborn = self._process, self._reborn
            if process is not None:
                await process.wait()
                if process is self._process and not self.stopped_on_purpose:
                    return
            await reborn.wait()

    def obituary(self) -> PartFailedError:
        """What to say about a part that died by itself."""
        return self._failure(f"died ({_cause(self.exit_code)})")

    async def _spawn(self) -> None:
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._log_begins = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), str(self.recipe.niceness)),
                *self.recipe.command,
                cwd=REPOSITORY,
                env=dict(self.recipe.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._ready = False
        self.stopped_on_purpose = False  # only now: death() may be looking at the life before
        self._reborn.set()
        self._reborn = asyncio.Event()

    async def _until_ready(self) -> None:
        while True:
            if not self.is_running:
                raise self._failure(f"ended before it was ready ({_cause(self.exit_code)})")
            if await self.recipe.ready(self._said()):
                return
            await asyncio.sleep(_PROBE_EVERY_SECONDS)

    async def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        _signal_group(process.pid, number)
        try:
            async with asyncio.timeout(self.recipe.stop_within_seconds):
                await process.wait()
        except TimeoutError:
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()

    def _said(self) -> str:
        with self.log_path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_begins, end - _SHOWN_BYTES))
            return log.read().decode("utf-8", errors="replace")

    def _failure(self, what: str) -> PartFailedError:
        lines = self._said().splitlines()[-_SHOWN_LINES:]
        said = "".join(f"\n    {line}" for line in lines) or "\n    (nothing)"
        return PartFailedError(f"{self.name} {what}. Its last words, from {self.log_path}:{said}")


def _signal_group(leader: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
