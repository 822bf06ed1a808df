"""`python -m bench.limits`: calls under a limit, calm and with everything killed. Exit status 1 on a fault."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.limits.figures import Figures
from bench.limits.house import set_up
from bench.limits.rounds import afterwards, calm, killed, rejecting
from runtime.leaving import leave

app = typer.Typer(add_completion=False)
console = Console(width=150, highlight=False, markup=False)


@app.command()
def main(
    calls: Annotated[int, typer.Option(min=20, help="How many calls, all asked for at once")] = 200,
    limit: Annotated[int, typer.Option(min=1, help="How many calls may be up")] = 10,
    requests_at_once: Annotated[
        int, typer.Option(min=1, help="Fewer for a machine whose Temporal cannot register so many within 5 s")
    ] = 200,
    run_dir: Annotated[Path, typer.Option(help="Report and logs go to limits below it")] = Path(".run"),
) -> None:
    """Ask for many calls at once and compare with the carrier's ledger."""
    folder = run_dir.absolute() / "limits"
    rounds = asyncio.run(_run(calls, limit, requests_at_once, folder))
    _show(rounds)
    report = {name: found.as_json() for name, found in rounds.items()}
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    console.print(f"{folder / 'report.json'}")
    leave(1 if any(found.faults for found in rounds.values()) else 0)


async def _run(calls: int, limit: int, requests_at_once: int, folder: Path) -> dict[str, Figures]:
    async with set_up(folder, limit, requests_at_once) as house:
        return {
            "calm": await calm(house, calls, limit, console.print),
            "rejecting": await rejecting(house, calls, limit, console.print),
            "everything killed": await killed(house, calls, limit, console.print),
            "afterwards": await afterwards(house, limit, console.print),
        }


def _show(rounds: dict[str, Figures]) -> None:
    table = Table("", *rounds)
    columns = [found.as_json() for found in rounds.values()]
    for row in (name for name in columns[0] if name not in ("faults", "reasons")):
        table.add_row(row.replace("_", " "), *(str(column[row]) for column in columns))
    console.print(table)
    for name, found in rounds.items():
        console.print(f"{name}: {', '.join(f'{count} {reason}' for reason, count in found.reasons.items())}")
        for fault in found.faults:
            console.print(f"{name}: FAULT: {fault}")


if __name__ == "__main__":
    app()
