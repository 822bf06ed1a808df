"""docs/performance.md, made of a run's figures."""

from typing import Any

from bench.speed.report import rows

_HOW = """
## How it is measured

- **Turn**: from the callee's words leaving the carrier's side to the agent's first token arriving there, less the time
  that the agent server itself took. Each conversation has a turn every 8 s (every 2 s at 20 live while dials run) and
  answers of 20 tokens, 20 ms apart, without compression; both sides send their keep-alives, and what is played is
  reported. One gateway process with its real MongoDB and Temporal: pulses and messages are written as ever.
- **The floor**: a process that takes the same two sockets and only forwards frames, with the same load.
- **CPU and memory** are the gateway's own, from `/proc`; memory over what it used after twenty
  first conversations had come and gone.
- **While dials run**: the dials go evenly through the API to the whole stack: phones ring and are not picked up.
  Whole calls also talk and are recorded.
- **Answered → first words**: from the carrier's question for instructions to the first token at the relay, again
  without the agent server's own time, while 20 others talk.
- **Requests accepted**: all at once, from the first request to the last answer; the carrier takes 150 ms per call.
- **Whole calls**: from the first request of that burst until the last call has ended with recording and transcript
  kept. That holds the ringing and the talk, which the pretend callees live eight times as fast as people.
- **The engine's floor**: workflows that decide nothing, with as many activities and signals, on a worker like ours.

`make bench` measures again, in about thirty-five minutes; `make bench BENCH_ARGS=--quick` shows in two that everything
runs, and `BENCH_ARGS=--write` writes this page.
"""


def as_page(figures: dict[str, Any]) -> str:
    """The page."""
    lines = "\n".join(f"| {' | '.join(row.cells())} |" for row in rows(figures))
    return f"""<!-- Made by `python -m bench --write` from a run; run it again rather than edit. -->

# Performance

Measured on {figures["at"][:10]}: {figures["machine"]}.
Everything ran on this one machine: both engines, the pretend carrier, gateway, worker, and the load generators. Load
average {figures["load_before"]:.1f} before the run. Absolute numbers belong to that machine; what to compare is ours
and the floor beside it, which were measured in the same run, by turns.

| measured | is | should be | met |
|---|---|---|---|
{lines}
{_HOW}"""
