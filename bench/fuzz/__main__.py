"""`python -m bench.fuzz`: bad frames of both kinds against a live gateway. Exit status 1 when anybody else noticed."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.table import Table

from bench.fuzz.bystanders import Noticed, stand_by
from bench.fuzz.victims import Victims
from bench.speed.figures import Spread
from bench.speed.house import House, housed
from runtime.embedded.ports import choose
from runtime.leaving import leave

app = typer.Typer(add_completion=False)
console = Console(width=120, highlight=False, markup=False)
_CRASH_MARKS = ("Traceback (most recent call last)", "Task exception was never retrieved", "Exception in ASGI")


@app.command()
def main(
    frames: Annotated[int, typer.Option(min=1, help="How many, of both sides together")] = 100_000,
    seed: Annotated[int, typer.Option(help="Draws every frame")] = 1,
    bystanders: Annotated[int, typer.Option(min=1, help="How many others talk meanwhile")] = 5,
    at_once: Annotated[int, typer.Option(min=1, help="How many conversations are fuzzed at a time")] = 6,
    run_dir: Annotated[Path, typer.Option(help="The stack's data and logs go to fuzz below it")] = Path(".run"),
) -> None:
    """Fuzz, with others on the line, and say what they noticed."""
    problems = asyncio.run(_fuzz(run_dir.absolute() / "fuzz", frames, seed, bystanders, at_once))
    for problem in problems:
        console.print(f"WRONG: {problem}")
    leave(1 if problems else 0)


async def _fuzz(folder: Path, frames: int, seed: int, bystanders: int, at_once: int) -> list[str]:
    async with housed(folder) as house:
        before, begun = house.pid("gateway"), time.monotonic()
        victims, stop = Victims(house, seed, frames), asyncio.Event()
        port = choose(["bystanders"], {})["bystanders"]
        call_ids = await house.answered_calls(bystanders, agent_port=port)
        async with victims.agents():
            watching = asyncio.create_task(stand_by(house, port, call_ids, stop))
            await asyncio.gather(*(victims.one_after_the_other() for _ in range(at_once)))
            stop.set()
            noticed = await watching
        _show(victims, noticed, time.monotonic() - begun)
        is_same = house.stack.parts["gateway"].is_running and house.pid("gateway") == before
        problems = list(noticed.wrong) + ([] if is_same else ["the gateway died"])
        problems += await _misnumbered(house, victims.call_ids)
        async with aiohttp.ClientSession() as session, session.get(f"{house.stack.addresses.gateway_url}/readyz") as it:
            problems += [] if it.ok else [f"the gateway is not ready: {await it.text()}"]
    return problems + _crashes(folder / "logs" / "gateway.log")


async def _misnumbered(house: House, call_ids: Sequence[str]) -> list[str]:
    """Calls whose messages are not numbered one by one."""
    found = []
    for call_id in call_ids:
        numbers = [message.seq for message in await house.calls.messages(call_id)]
        if numbers != list(range(len(numbers))):
            found.append(f"{call_id}: messages {numbers}")
    return found


def _crashes(log: Path) -> list[str]:
    lines = log.read_text(errors="replace").splitlines()
    return [
        f"gateway.log line {at}: {line}" for at, line in enumerate(lines, 1) if any(m in line for m in _CRASH_MARKS)
    ]


def _show(victims: Victims, noticed: Noticed, seconds: float) -> None:
    spread = Spread.of(noticed.seconds)
    table = Table("", "")
    for side, count in sorted(victims.sent.items()):
        table.add_row(f"frames from the {side} side", str(count))
    table.add_row("conversations fuzzed", str(len(victims.call_ids)))
    for how, count in victims.ended.most_common():
        table.add_row(f"  {how}", str(count))
    table.add_row("bystanders' answers: right / wrong", f"{noticed.right} / {len(noticed.wrong)}")
    table.add_row(
        "their answers, p50 / p99 / longest ms",
        f"{spread.p50:.0f} / {spread.p99:.0f} / {1000 * max(noticed.seconds, default=0):.0f}",
    )
    table.add_row("seconds", f"{seconds:.0f}")
    console.print(table)


if __name__ == "__main__":
    app()
