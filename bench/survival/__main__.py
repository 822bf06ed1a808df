"""`python -m bench.survival`: kill or stop gateways under live conversations. Exit status 1 unless all go on well."""

import asyncio
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.survival.judging import Verdict
from bench.survival.run import play
from bench.survival.scenes import SCENES
from runtime.leaving import leave

app = typer.Typer(add_completion=False)
console = Console(width=150, highlight=False, markup=False)


@app.command()
def main(
    calls: Annotated[int, typer.Option(min=1, help="How many conversations are live")] = 50,
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(SCENES)}; may be repeated")] = None,
    run_dir: Annotated[Path, typer.Option(help="Report and logs go to survival below it")] = Path(".run"),
) -> None:
    """Play every scene and compare each transcript with what the carrier heard."""
    if unknown := set(only or ()) - set(SCENES):
        raise typer.BadParameter(f"no scene {', '.join(sorted(unknown))}; there are {', '.join(SCENES)}")
    folder = run_dir.absolute() / "survival"
    verdicts = {name: asyncio.run(_scene(name, calls, folder)) for name in only or SCENES}
    _show(verdicts)
    report = {name: {**_counts(found), "calls": [one.as_json() for one in found]} for name, found in verdicts.items()}
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    console.print(f"{folder / 'report.json'}")
    leave(0 if all(one.is_right for found in verdicts.values() for one in found) else 1)


async def _scene(name: str, calls: int, folder: Path) -> list[Verdict]:
    console.print(f"{name}: {SCENES[name].title}")
    return await play(SCENES[name], calls, folder / name, lambda text: console.print(f"  {text}"))


def _counts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    silences = sorted(silence for one in verdicts for silence in one.silences)
    return {
        "conversations": len(verdicts),
        "went on": sum(one.goes_on for one in verdicts),
        "right in every way": sum(one.is_right for one in verdicts),
        "relay sessions": sum(one.sessions for one in verdicts),
        "utterances heard": sum(one.heard for one in verdicts),
        "stored": sum(one.stored for one in verdicts),
        "stored twice": sum(one.doubled for one in verdicts),
        "stored but never heard": sum(one.invented for one in verdicts),
        "lacking, under way at a crash": sum(one.missing - len(one.lost_elsewhere) for one in verdicts),
        "lacking elsewhere": sum(len(one.lost_elsewhere) for one in verdicts),
        "stored in part": sum(one.partial for one in verdicts),
        "said again by the agent": sum(one.said_again for one in verdicts),
        "silence p50 s": round(statistics.median(silences), 2) if silences else None,
        "silence longest s": round(silences[-1], 2) if silences else None,
    }


def _show(verdicts: dict[str, list[Verdict]]) -> None:
    table = Table("", *verdicts)
    columns = [_counts(found) for found in verdicts.values()]
    for row in columns[0]:
        table.add_row(row, *(str(column[row]) for column in columns))
    console.print(table)
    for name, found in verdicts.items():
        for one in [one for one in found if not one.is_right][:10]:
            console.print(f"{name}: {one.call_id}: {one.why_not or one.lost_elsewhere or 'doubled or invented words'}")


if __name__ == "__main__":
    app()
