"""What dialling does to the talk, and how soon an agent is heard: at 20 and at 200 live on the whole stack.

Dialling is what a campaign does before anybody talks: a request, a call placed and reported, a phone that rings and is
not picked up. Whole calls are more: their callees talk too, at the simulator's speed, so that more is live than the 20.
Engine, database, worker, carrier and load share the machine's cores with the gateway: whatever any process has to wait
for them shows in the floor too, which does nothing but forward. Measured twice: with one gateway for everything, and
with one that the carrier's relays have to themselves.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.speed.children import child
from bench.speed.figures import Spread
from bench.speed.house import House
from bench.speed.turns import LEAVE_WITHIN_SECONDS, OPEN_WITHIN_SECONDS, TurnLoad, order
from bench.speed.whole_calls import dialling, prepare

LIVE = 20
TURN_EVERY = 2.0
"""Oftener than people talk, so that a short run has turns enough for a 99th percentile."""
CROWD, CROWD_TURN_EVERY = 200, 8.0
"""As many as a gateway may have, who speak as often as people do."""
RINGS: dict[str, Any] = {"name": "Rings, and nobody is there", "outcome": "busy", "ring_seconds": 24.0}
"""Three seconds at the speed of the stack's callees, so that some ring at any moment."""


@dataclass
class BusyFigures:
    """Overheads in seconds: nothing else going on, and while people are dialled; each round has both."""

    dials: int
    seconds: float
    idle: list[float] = field(default_factory=list)
    dialling: list[float] = field(default_factory=list)
    calling: list[float] = field(default_factory=list)
    first_words: list[float] = field(default_factory=list)
    apart_idle: list[float] = field(default_factory=list)
    apart_dialling: list[float] = field(default_factory=list)
    floor_idle: list[float] = field(default_factory=list)
    floor_dialling: list[float] = field(default_factory=list)
    crowd_idle: list[float] = field(default_factory=list)
    crowd_dialling: list[float] = field(default_factory=list)
    crowd_floor_idle: list[float] = field(default_factory=list)
    crowd_floor_dialling: list[float] = field(default_factory=list)
    lost: int = 0
    accepted: int = 0
    refused: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Spreads in milliseconds."""
        return {
            "dials": self.dials,
            "seconds": self.seconds,
            "idle_ms": asdict(Spread.of(self.idle)),
            "dialling_ms": asdict(Spread.of(self.dialling)),
            "calling_ms": asdict(Spread.of(self.calling)),
            "first_words_ms": asdict(Spread.of(self.first_words)),
            "apart_idle_ms": asdict(Spread.of(self.apart_idle)),
            "apart_dialling_ms": asdict(Spread.of(self.apart_dialling)),
            "floor_idle_ms": asdict(Spread.of(self.floor_idle)),
            "floor_dialling_ms": asdict(Spread.of(self.floor_dialling)),
            "crowd_idle_ms": asdict(Spread.of(self.crowd_idle)),
            "crowd_dialling_ms": asdict(Spread.of(self.crowd_dialling)),
            "crowd_floor_idle_ms": asdict(Spread.of(self.crowd_floor_idle)),
            "crowd_floor_dialling_ms": asdict(Spread.of(self.crowd_floor_dialling)),
            "lost": self.lost,
            "accepted": self.accepted,
            "refused": self.refused,
        }


async def measure_busy(house: House, *, dials: int, seconds: float, rounds: int) -> BusyFigures:
    """Every way in turn, as often as there are rounds."""
    figures = BusyFigures(dials, seconds)
    load = TurnLoad(LIVE, seconds, rounds, TURN_EVERY)
    crowd = TurnLoad(CROWD, seconds, rounds, CROWD_TURN_EVERY)
    agent_url = f"ws://127.0.0.1:{house.agent_port}/llm"
    async with child("bench.speed.floor", str(house.floor_port), agent_url) as floor, house.another_gateway() as apart:
        await floor.line(20)
        for number in range(rounds):
            ringing = [f"+1415557{number:02d}{last:02d}" for last in range(dials)]
            talking = [f"+1415558{number:02d}{last:02d}" for last in range(dials)]
            others = [f"+1415559{number:02d}{last:02d}" for last in range(dials)]
            await prepare(house, ringing, RINGS)
            await prepare(house, others, RINGS)
            await prepare(house, talking)
            figures.floor_idle += (await _talk(house, load, floor=True))["overheads"]
            figures.floor_dialling += (await _talk(house, load, floor=True, to_numbers=ringing))["overheads"]
            figures.crowd_floor_idle += (await _talk(house, crowd, floor=True))["overheads"]
            figures.crowd_floor_dialling += (await _talk(house, crowd, floor=True, to_numbers=others))["overheads"]
            figures.first_words += (await _talk(house, load, picking_up=round(seconds / 0.5)))["first_words"]
            for into, one in (
                (figures.idle, await _talk(house, load)),
                (figures.dialling, await _talk(house, load, to_numbers=ringing)),
                (figures.calling, await _talk(house, load, to_numbers=talking)),
                (figures.crowd_idle, await _talk(house, crowd)),
                (figures.crowd_dialling, await _talk(house, crowd, to_numbers=others)),
                (figures.apart_idle, await _talk(house, load, port=apart)),
                (figures.apart_dialling, await _talk(house, load, port=apart, to_numbers=ringing)),
            ):
                into.extend(one["overheads"])
                figures.lost += one["lost"] + one["broken"]
                if one["dials"]:
                    figures.accepted += len(one["dials"]["call_ids"])
                    figures.refused += one["dials"]["refused"]
    return figures


async def _talk(
    house: House, load: TurnLoad, *, picking_up: int = 0, to_numbers: Sequence[str] = (), **relay: Any
) -> dict[str, Any]:
    """One load; `relay` says which relay it speaks to, if not the gateway's."""
    call_ids = await house.answered_calls(load.live)
    about_to = await house.answered_calls(picking_up, claimed=False)
    loaded = {**order(house, load, call_ids, is_floor="floor" in relay), "picking_up": about_to, **relay}
    async with child("bench.speed.load_relays", loaded) as callees:
        await callees.line(OPEN_WITHIN_SECONDS)
        callees.go_on()
        dialled: Any = None
        if to_numbers:
            async with dialling(house, list(to_numbers), every=load.seconds / len(to_numbers)) as customer:
                dialled = await customer.answer(load.seconds + LEAVE_WITHIN_SECONDS)
        result: dict[str, Any] = await callees.answer(load.seconds + LEAVE_WITHIN_SECONDS)
    return {**result, "dials": dialled}
