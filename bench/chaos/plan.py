"""The plan of a run: everything that will be asked and broken, drawn by one seed before anything starts."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.chaos.cast import CAST, TRANSFER_TARGETS
from bench.chaos.mischief import MISCHIEF
from bench.chaos.switches import CARRIER_FAULTS, FAULTS, PROCESS_FAULTS

SHORTEST_SECONDS = 20.0
_PROCESS_EVERY, _CARRIER_EVERY = 5.0, 4.0
_SAME_PAIR, _REPEATED, _CONFLICTING, _PERSISTENT, _ORDERED = 0.05, 0.2, 0.05, 0.6, 0.25
"""How many of the calls."""
_INTRUSIONS = ("unsigned", "replayed", "foreign", "keyless", "misdirected")


class UnknownFaultError(ValueError):
    """A fault that the suite does not know; the text lists those it knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something that is asked of a call while it lives: `end`, `cancel` or `transfer`, so long after it was placed."""

    kind: str
    after: float
    to_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """One call. Moments are seconds from the start of the run, `repeats` seconds after `at`."""

    call_id: str
    at: float
    story: str
    to_number: str
    repeats: tuple[float, ...] = ()
    conflicts: bool = False
    persistent: bool = True
    """Whether its customer asks again after a 5xx; one who does not was promised that nothing is dialled."""
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """One fault, on from `at` for `seconds`. `which` chooses among parts of one kind."""

    at: float
    kind: str
    seconds: float
    which: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedIntrusion:
    """Something that a stranger sends: see `strangers`. `which` chooses among the calls that are alive then."""

    at: float
    kind: str
    which: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMischief:
    """A bad request: see `mischief`."""

    at: float
    kind: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole run."""

    seed: int
    seconds: float
    calls: tuple[PlannedCall, ...]
    faults: tuple[PlannedFault, ...]
    intrusions: tuple[PlannedIntrusion, ...]
    mischief: tuple[PlannedMischief, ...]


def draw(seed: int, calls: int, *, rate: float, only_faults: Sequence[str] | None = None) -> Plan:
    """The plan of a seed: `calls` of them, at most `rate` a second.

    Each kind of thing has dice of its own, so that leaving faults out changes no call. Raises UnknownFaultError.
    """
    wanted = sorted(FAULTS) if only_faults is None else list(only_faults)
    if unknown := set(wanted) - FAULTS:
        raise UnknownFaultError(f"no fault {', '.join(sorted(unknown))}; there are {', '.join(sorted(FAULTS))}")
    seconds = max(SHORTEST_SECONDS, calls / rate)
    return Plan(
        seed=seed,
        seconds=seconds,
        calls=tuple(_calls(random.Random(f"{seed}:calls"), seed, calls, seconds)),
        faults=tuple(sorted(_faults(seed, seconds, wanted), key=lambda fault: (fault.at, fault.kind))),
        intrusions=tuple(_intrusions(random.Random(f"{seed}:intrusions"), seconds, max(8, calls // 8))),
        mischief=tuple(_mischief(random.Random(f"{seed}:mischief"), seconds, max(len(MISCHIEF), calls // 8))),
    )


def _calls(dice: random.Random, seed: int, count: int, seconds: float) -> Iterator[PlannedCall]:
    stories, weights = list(CAST), [role.weight for role in CAST.values()]
    previous: PlannedCall | None = None
    for number in range(count):
        same_pair = (
            previous is not None and dice.random() < _SAME_PAIR
        )  # two calls between the same two numbers at once
        story = dice.choices(stories, weights)[0]
        to_number = f"+1202{5_550_000 + number:07d}"
        previous = PlannedCall(
            call_id=f"chaos-{seed}-{number:05d}",
            at=round(seconds * number / count + dice.random(), 3),
            story=previous.story if previous and same_pair else story,
            to_number=previous.to_number if previous and same_pair else to_number,
            repeats=tuple(round(dice.random() * 3, 3) for _ in range(dice.choice((1, 1, 2, 4))))
            if dice.random() < _REPEATED
            else (),
            conflicts=dice.random() < _CONFLICTING,
            persistent=dice.random() < _PERSISTENT,
            order=_order(dice) if dice.random() < _ORDERED else None,
        )
        yield previous


def _order(dice: random.Random) -> Order:
    kind = dice.choices(("end", "cancel", "transfer"), (6, 2, 4))[0]
    after = dice.uniform(0, 5) if kind != "transfer" else dice.uniform(1.5, 6)
    return Order(
        kind=kind, after=round(after, 3), to_number=dice.choice(TRANSFER_TARGETS) if kind == "transfer" else ""
    )


def _faults(seed: int, seconds: float, wanted: Sequence[str]) -> Iterator[PlannedFault]:
    processes = [kind for kind in wanted if kind in PROCESS_FAULTS]
    carrier = [kind for kind in wanted if kind in CARRIER_FAULTS]
    dice = random.Random(f"{seed}:process faults")
    for at, kind in _dealt(dice, processes, seconds, _PROCESS_EVERY):
        longest = PROCESS_FAULTS[kind].longest
        yield PlannedFault(at=at, kind=kind, seconds=round(dice.uniform(0.1, longest), 3), which=dice.randrange(2))
    dice = random.Random(f"{seed}:carrier faults")
    for at, kind in _dealt(dice, carrier, seconds, _CARRIER_EVERY):
        yield PlannedFault(at=at, kind=kind, seconds=round(dice.uniform(2.5, 6), 3))


def _dealt(dice: random.Random, kinds: Sequence[str], seconds: float, every: float) -> Iterator[tuple[float, str]]:
    """Every kind comes once before any comes twice."""
    deck: list[str] = []
    at = dice.uniform(0.5, every)
    while kinds and at < seconds + every:
        deck = deck or dice.sample(kinds, len(kinds))
        yield round(at, 3), deck.pop()
        at += dice.uniform(0.6, 1.4) * every


def _intrusions(dice: random.Random, seconds: float, count: int) -> Iterator[PlannedIntrusion]:
    for number in range(count):
        at = round(dice.uniform(2, seconds + 3), 3)
        yield PlannedIntrusion(at=at, kind=_INTRUSIONS[number % len(_INTRUSIONS)], which=dice.randrange(1_000_000))


def _mischief(dice: random.Random, seconds: float, count: int) -> Iterator[PlannedMischief]:
    kinds = list(MISCHIEF)
    for number in range(count):
        yield PlannedMischief(at=round(dice.uniform(0, seconds), 3), kind=kinds[number % len(kinds)], number=number)


def described(plan: Plan) -> Iterable[str]:
    """The plan as lines for people, in the order of its moments."""
    rows: list[tuple[float, str]] = [(fault.at, f"fault {fault.kind} for {fault.seconds} s") for fault in plan.faults]
    for call in plan.calls:
        more = [f"again after {call.repeats}"] if call.repeats else []
        more += [f"{call.order.kind} after {call.order.after} s"] if call.order else []
        more += ["conflicting repetition"] if call.conflicts else []
        rows.append((call.at, ", ".join([f"call {call.call_id} to {call.to_number} ({call.story})", *more])))
    rows += [(intrusion.at, f"intrusion {intrusion.kind}") for intrusion in plan.intrusions]
    rows += [(bad.at, f"bad request {bad.kind}") for bad in plan.mischief]
    return (f"{at:9.3f}  {text}" for at, text in sorted(rows))
