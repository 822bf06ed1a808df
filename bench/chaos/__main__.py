"""`python -m bench.chaos`: calls under faults, then the judgement. Exit status 1 on a violation."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bench.chaos.create_window import counts, create_window, is_once_each
from bench.chaos.judge.findings import Outcome
from bench.chaos.judge.verdict import judge
from bench.chaos.performance import perform
from bench.chaos.plan import Plan, UnknownFaultError, described, draw
from bench.chaos.planted import harvest
from bench.chaos.regain import regain
from bench.chaos.report import show, write
from bench.chaos.shrink import Budget, Trial, shrink
from bench.chaos.stage import rehearse, set_up
from bench.chaos.storm import counts as counts_of_the_storm
from bench.chaos.storm import storm
from bench.chaos.switches import FAULTS
from runtime.leaving import leave

app = typer.Typer(add_completion=False)
console = Console(width=160, highlight=False, markup=False)


@app.callback(invoke_without_command=True)
def main(  # noqa: PLR0917 - a command line has as many parameters as options
    context: typer.Context,
    calls: Annotated[int, typer.Option(envvar="CALLS", min=1, help="How many calls")] = 100,
    seed: Annotated[int, typer.Option(envvar="SEED", help="Draws the whole plan")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, help="Calls a second at most; two cores bear 1.5")] = 1.5,
    only_faults: Annotated[str | None, typer.Option(help="Names with commas between; an empty one: none")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print the plan and do nothing")] = False,
    run_dir: Annotated[Path, typer.Option(help="Reports and logs go to chaos-SEED below it")] = Path(".run"),
) -> None:
    """Place calls, break things, wait, and compare every record with what really happened."""
    if context.invoked_subcommand is not None:
        return
    only = None if only_faults is None else [name.strip() for name in only_faults.split(",") if name.strip()]
    try:
        drawn = draw(seed, calls, rate=rate, only_faults=only)
    except UnknownFaultError as error:
        raise typer.BadParameter(str(error), param_hint="--only-faults") from error
    if plan:
        print("\n".join(described(drawn)))
        return
    leave(asyncio.run(_run(drawn, run_dir.absolute() / f"chaos-{seed}")))


async def _run(plan: Plan, folder: Path) -> int:
    violations = sum(len(outcome.findings) for outcome in await _judged(plan, folder))
    console.print(f"{violations} violations. {folder / 'report.json'}")
    return 1 if violations else 0


async def _judged(plan: Plan, folder: Path) -> Sequence[Outcome]:
    console.print(f"{len(plan.calls)} calls and {len(plan.faults)} faults in {plan.seconds:.0f} s; seed {plan.seed}.")
    async with set_up(folder) as stage:
        await rehearse(stage, plan)
        evidence = await perform(stage, plan, console.print)
    outcomes = judge(evidence)
    show(outcomes, evidence, console)
    about = {"seed": plan.seed, "calls": len(plan.calls), "seconds": plan.seconds, "faults": len(plan.faults)}
    write(folder, about, outcomes, evidence)
    return outcomes


@app.command("shrink")
def shrunk(
    calls: Annotated[int, typer.Option(envvar="CALLS", min=1, help="How many calls the failing run had")] = 100,
    seed: Annotated[int, typer.Option(envvar="SEED", help="The failing run's seed")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, help="Calls a second at most; two cores bear 1.5")] = 1.5,
    runs: Annotated[int, typer.Option(min=1, help="How many runs this may take")] = 24,
    run_dir: Annotated[Path, typer.Option(help="Reports and logs go to chaos-SEED below it")] = Path(".run"),
) -> None:
    """Look for the smallest run of a seed that still shows a violation, and say how to run it."""

    async def fails(trial: Trial) -> bool:
        plan = draw(seed, trial.calls, rate=rate, only_faults=trial.kinds)
        return any(outcome.findings for outcome in await _judged(plan, run_dir.absolute() / f"chaos-{seed}"))

    found = asyncio.run(shrink(Trial(calls, tuple(sorted(FAULTS))), Budget(fails, runs=runs, chances=2)))
    console.print(
        f'The smallest seen to fail: make chaos CALLS={found.calls} SEED={seed} CHAOS_ARGS="--rate {rate:g}'
        f" --only-faults '{','.join(found.kinds)}'\""
    )
    leave(0)


@app.command("create-window")
def window(
    times: Annotated[int, typer.Option(min=1, help="How often")] = 100,
    run_dir: Annotated[Path, typer.Option(help="Report and logs go to create-window below it")] = Path(".run"),
) -> None:
    """Kill -9 every worker between the carrier's acceptance of a call and our record of it, again and again."""
    folder = run_dir.absolute() / "create-window"
    outcomes, evidence = asyncio.run(create_window(times, folder, console.print))
    show(outcomes, evidence, console)
    found = counts(evidence)
    _tell(found)
    leave(1 if any(outcome.findings for outcome in outcomes) or not is_once_each(found) else 0)


@app.command("storm")
def in_a_storm(
    calls: Annotated[int, typer.Option(envvar="CALLS", min=1, help="How many calls")] = 1000,
    seed: Annotated[int, typer.Option(envvar="SEED", help="Draws the calls")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, help="Calls a second at most")] = 1.5,
    run_dir: Annotated[Path, typer.Option(help="Logs go to storm-SEED and storm-SEED-calm below it")] = Path(".run"),
) -> None:
    """Send every callback five times and in any order; no call may end otherwise than in calm weather."""
    folder = run_dir.absolute() / f"storm-{seed}"
    outcomes, evidence = asyncio.run(storm(calls, seed, rate, folder, console.print))
    show(outcomes, evidence, console)
    _tell(counts_of_the_storm(evidence))
    leave(1 if any(outcome.findings for outcome in outcomes) else 0)


@app.command("regain")
def regained(
    rounds: Annotated[int, typer.Option(min=1, help="How often a worker is killed")] = 20,
    run_dir: Annotated[Path, typer.Option(help="Report and logs go to regain below it")] = Path(".run"),
) -> None:
    """Kill -9 one of two workers under live calls, and time how soon an end takes effect."""
    outcomes, evidence, figures = asyncio.run(regain(rounds, run_dir.absolute() / "regain", console.print))
    show(outcomes, evidence, console)
    _tell(figures)
    leave(1 if any(outcome.findings for outcome in outcomes) else 0)


@app.command("planted")
def planted(
    seed: Annotated[int, typer.Option(envvar="SEED", help="Draws the calls")] = 3,
    only: Annotated[list[int] | None, typer.Option(help="Of which invariant; may be repeated")] = None,
    run_dir: Annotated[Path, typer.Option(help="Sources and reports go to planted below it")] = Path(".run"),
) -> None:
    """Break the product's own source, once for each invariant, and see that the run finds it."""
    unseen = 0
    for reaped in harvest(seed, run_dir.absolute() / "planted", console.print, only or ()):
        unseen += not reaped.is_seen
        console.print(f"  {'found' if reaped.is_seen else 'NOT FOUND'}: {reaped.found}")
    leave(1 if unseen else 0)


def _tell(figures: Mapping[str, Any]) -> None:
    for name, figure in figures.items():
        console.print(f"{figure:8} {name}")


if __name__ == "__main__":
    app()
