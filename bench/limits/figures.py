"""What a round came to: read from the carrier's ledger and the records, and judged."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.chaos.evidence import Document

SETTLING_SECONDS = 1.0
"""How long a place may have been asked for before a worker that decides sees it: only then can it be overtaken."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One round in numbers. `faults` is what must not be; empty when all went well."""

    calls: int
    limit: int
    carrier_calls: int
    most_live_at_once: int
    most_live_per_callee: int
    waited: int
    """Calls that were not let in within a second of their registration."""
    longest_wait_seconds: float
    admitted_out_of_order: int
    dialled_out_of_order: int
    longest_overtaking_seconds: float
    """By how much the dial of a call that waited came after that of one registered later, at the most."""
    slot_to_dial_p50_seconds: float | None
    slot_to_dial_p95_seconds: float | None
    reasons: Mapping[str, int]
    seconds: float
    longest_history: int
    faults: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The same for a file."""
        return asdict(self)


def most_at_once(legs: Iterable[Document]) -> int:
    """How many of these carrier calls were live at the same moment, at the most; one that has not ended is."""
    moments = [(leg["created_at"], 1) for leg in legs]
    moments += [(leg["ended_at"], -1) for leg in legs if leg["ended_at"] is not None]
    live = most = 0
    for _, change in sorted(moments):  # at the same moment an end comes before a beginning
        live += change
        most = max(most, live)
    return most


def most_per_callee(legs: Sequence[Document]) -> int:
    """The same for one callee, at the most."""
    return max(
        (most_at_once([leg for leg in legs if leg["to"] == to]) for to in {leg["to"] for leg in legs}), default=0
    )


@dataclass(frozen=True, slots=True)
class Came:
    """When a call's turn came, and its place among all turns."""

    at: float
    place: float


def overtaken(records: Sequence[Document], came: Mapping[str, Came]) -> list[float]:
    """By how many seconds calls came later than one that was registered after them: one entry for each such call.

    A call counts from when it has its place in the queue, and not where another call has the same callee.
    """
    in_order = sorted((one for one in records if one["call_id"] in came), key=lambda one: one["registered_at"])
    callees = Counter(one["to_number"] for one in records)
    late: list[float] = []
    for number, call in enumerate(in_order):
        mine = came[call["call_id"]]
        if callees[call["to_number"]] > 1:
            continue
        later = (other for other in in_order[number + 1 :] if other["registered_at"] > call["registered_at"])
        behind = (came[other["call_id"]] for other in later)  # of two in the same millisecond neither is later
        waiting_since = call["admission"]["asked"] + SETTLING_SECONDS
        earlier = [theirs.at for theirs in behind if theirs.place < mine.place and waiting_since < theirs.at]
        if earlier:
            late.append(mine.at - min(earlier))
    return late


def slot_to_dial(legs: Sequence[Document], limit: int) -> list[float]:
    """Seconds from each end of a carrier call to the dial that it made room for."""
    begun = sorted(leg["created_at"] for leg in legs)
    ended = sorted(leg["ended_at"] for leg in legs if leg["ended_at"] is not None)
    return [later - end for end, later in zip(ended, begun[limit:], strict=False)]


def figures(
    records: Sequence[Document], legs: Sequence[Document], *, calls: int, limit: int, longest_history: int
) -> Figures:
    """A round's numbers, without a judgement."""
    admitted = {one["call_id"]: _admitted(one) for one in records if _was_admitted(one)}
    by_number = {leg["to"]: Came(leg["created_at"], leg["created_at"]) for leg in legs}
    dialled = {one["call_id"]: by_number[one["to_number"]] for one in records if one["to_number"] in by_number}
    waits = [admitted[one["call_id"]].at - one["registered_at"] for one in records if one["call_id"] in admitted]
    gaps = slot_to_dial(legs, limit)
    overtakings = overtaken(records, dialled)
    ends = [leg["ended_at"] for leg in legs if leg["ended_at"] is not None]
    return Figures(
        calls=calls,
        limit=limit,
        carrier_calls=len(legs),
        most_live_at_once=most_at_once(legs),
        most_live_per_callee=most_per_callee(legs),
        waited=sum(wait > 1 for wait in waits),
        longest_wait_seconds=round(max(waits, default=0.0), 1),
        admitted_out_of_order=len(overtaken(records, admitted)),
        dialled_out_of_order=len(overtakings),
        longest_overtaking_seconds=round(max(overtakings, default=0.0), 2),
        slot_to_dial_p50_seconds=round(statistics.median(gaps), 2) if gaps else None,
        slot_to_dial_p95_seconds=round(statistics.quantiles(gaps, n=20)[-1], 2) if len(gaps) > 1 else None,
        reasons=dict(Counter(str(one["progress"]["finish_reason"]) for one in records)),
        seconds=round(max(ends, default=0) - min((one["registered_at"] for one in records), default=0), 1),
        longest_history=longest_history,
    )


def faults_of(found: Figures, records: Sequence[Document], *, is_settled: bool) -> tuple[str, ...]:
    """What a round must not show."""
    unfinished = [one["call_id"] for one in records if one["progress"]["finish_reason"] is None]
    held = [one["call_id"] for one in records if not one["progress"]["over"]]
    wrong = {
        f"{found.most_live_at_once} calls were live at once, the limit is {found.limit}": (
            found.most_live_at_once > found.limit
        ),
        f"the limit was never used to the full ({found.most_live_at_once})": found.most_live_at_once < found.limit,
        f"a callee had {found.most_live_per_callee} live calls at once": found.most_live_per_callee > 1,
        f"{found.admitted_out_of_order} calls were overtaken in the queue": found.admitted_out_of_order > 0,
        f"only {len(records)} of {found.calls} calls were registered": len(records) != found.calls,
        f"calls without an ending: {unfinished[:5]}": bool(unfinished),
        f"slots that did not come back: {held[:5]}": bool(held),
        "workflows still ran when the time was up": not is_settled,
    }
    return tuple(said for said, is_so in wrong.items() if is_so)


def _was_admitted(record: Document) -> bool:
    return bool((record.get("admission") or {}).get("state") == "admitted")


def _admitted(record: Document) -> Came:
    return Came(record["admission"]["since"], record["admission"]["turn"])
