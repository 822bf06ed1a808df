"""How much a turn costs: the callee's words in, the agent's first token out, less the agent server's own time."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.speed.children import child
from bench.speed.figures import Spread, Usage
from bench.speed.house import House

OPEN_WITHIN_SECONDS, LEAVE_WITHIN_SECONDS = 120.0, 60.0
TOKENS = 20


@dataclass(frozen=True)
class TurnLoad:
    """So many live conversations, each with a turn every `turn_every` seconds, for `seconds`, in `rounds` of both."""

    live: int
    seconds: float
    rounds: int
    turn_every: float = 8.0


_WARM_UP = TurnLoad(live=20, seconds=8, rounds=1)


@dataclass
class TurnFigures:
    """Ours beside the floor, in the same run."""

    load: TurnLoad
    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    lost: int = 0
    cpu_percent: float = 0.0
    """Of one core, per live conversation, in the gateway."""
    floor_cpu_percent: float = 0.0
    memory_bytes: float = 0.0
    """Per live conversation, in the gateway, over what it used just after its start."""
    floor_memory_bytes: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Spreads in milliseconds."""
        return {
            **asdict(self.load),
            "ours_ms": asdict(Spread.of(self.ours)),
            "floor_ms": asdict(Spread.of(self.floor)),
            "lost": self.lost,
            "cpu_percent_of_a_core_per_live": self.cpu_percent,
            "floor_cpu_percent_of_a_core_per_live": self.floor_cpu_percent,
            "memory_bytes_per_live": self.memory_bytes,
            "floor_memory_bytes_per_live": self.floor_memory_bytes,
        }


async def measure_turns(house: House, load: TurnLoad) -> TurnFigures:
    """Both relays in turn, as often as the load says."""
    figures = TurnFigures(load)
    agent_url = f"ws://127.0.0.1:{house.agent_port}/llm"
    async with AsyncExitStack() as stack:
        floor = await stack.enter_async_context(child("bench.speed.floor", str(house.floor_port), agent_url))
        await floor.line(20)
        await house.stack.parts["gateway"].restart()
        await one_round(house, _WARM_UP, pid=house.pid("gateway"), is_floor=False)
        at_start = Usage.of(house.pid("gateway")).memory_bytes
        await one_round(house, _WARM_UP, pid=floor.pid, is_floor=True)
        floor_at_start = Usage.of(floor.pid).memory_bytes
        for _ in range(load.rounds):
            overheads, usage, memory = await one_round(house, load, pid=floor.pid, is_floor=True)
            figures.floor += overheads["overheads"]
            figures.floor_cpu_percent += usage / load.rounds
            floors_own = (memory - floor_at_start) / load.live
            figures.floor_memory_bytes = max(figures.floor_memory_bytes, floors_own)
            overheads, usage, memory = await one_round(house, load, pid=house.pid("gateway"), is_floor=False)
            figures.ours += overheads["overheads"]
            figures.lost += overheads["lost"] + overheads["broken"]
            figures.cpu_percent += usage / load.rounds
            figures.memory_bytes = max(figures.memory_bytes, (memory - at_start) / load.live)
    return figures


async def one_round(house: House, load: TurnLoad, *, pid: int, is_floor: bool) -> tuple[dict[str, Any], float, int]:
    """One load against one relay: its result, the relay's CPU per live conversation in per cent, its memory."""
    call_ids = await house.answered_calls(load.live)
    async with child("bench.speed.load_relays", order(house, load, call_ids, is_floor=is_floor)) as callees:
        await callees.line(OPEN_WITHIN_SECONDS)
        await asyncio.sleep(1)  # so that opening them is over on every side
        before = Usage.of(pid)
        callees.go_on()
        await asyncio.sleep(load.seconds)
        after = Usage.of(pid)
        result: dict[str, Any] = await callees.answer(LEAVE_WITHIN_SECONDS)
    return result, 100 * (after.cpu_seconds - before.cpu_seconds) / load.seconds / load.live, after.memory_bytes


def order(house: House, load: TurnLoad, call_ids: list[str], *, is_floor: bool = False) -> dict[str, Any]:
    """What a load generator is told."""
    return {
        "port": house.floor_port if is_floor else house.gateway_port,
        "agent_port": house.agent_port,
        "call_ids": call_ids,
        "auth_token": house.auth_token,
        "floor": is_floor,
        "seconds": load.seconds,
        "turn_every": load.turn_every,
        "token_count": TOKENS,
    }
