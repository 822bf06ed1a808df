"""How many calls may be up at once, and whose turn it is.

Rules of this file
1. A limit is a pool of slots. A call needs one in every pool that its plan names, and takes all of them or none:
   nothing is held while another pool is waited for, so no two calls can wait for each other.
2. Whoever was registered first comes first; a call that cannot come in lets those behind it pass where they need
   none of the pools that it found full.
3. A pool is as large as the youngest call that waits for it says, so that a changed limit counts for all who wait.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from pydantic import BaseModel, ConfigDict, PositiveInt

from calls.policy import Policy


@unique
class LimitOf(StrEnum):
    """What a limit counts the simultaneous calls of."""

    ACCOUNT = "account"
    AGENT = "agent"
    CALLEE = "callee"


@unique
class WhenFull(StrEnum):
    """What becomes of a call for which there is no room."""

    QUEUE = "queue"
    REJECT = "reject"


class Limit(BaseModel):
    """One limit on simultaneous calls. Calls that name the same `pool` share its slots."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    of: LimitOf
    pool: str
    size: PositiveInt


@dataclass(frozen=True, slots=True)
class Capacity:
    """A deployment's limits. None is no limit."""

    max_simultaneous_calls: int | None = None
    one_call_per_callee: bool = True
    when_full: WhenFull = WhenFull.QUEUE

    def limits(self, *, agent_id: str, agents_own: int | None, callee: str) -> tuple[Limit, ...]:
        """What a call of this agent with this callee has to find room in."""
        sizes = (
            (LimitOf.ACCOUNT, LimitOf.ACCOUNT.value, self.max_simultaneous_calls),
            (LimitOf.AGENT, f"{LimitOf.AGENT}:{agent_id}", agents_own),
            (LimitOf.CALLEE, f"{LimitOf.CALLEE}:{callee}", 1 if self.one_call_per_callee else None),
        )
        return tuple(Limit(of=of, pool=pool, size=size) for of, pool, size in sizes if size is not None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call that has no slot yet."""

    call_id: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Turns:
    """Who comes in now, and what was full for everybody else."""

    admitted: tuple[str, ...]
    full: Mapping[str, Limit]


def turns(candidates: Sequence[Candidate], held: Mapping[str, int]) -> Turns:
    """Whose turn it is. `candidates` are in the order of registration, `held` counts the slots taken of each pool."""
    sizes = {limit.pool: limit.size for candidate in candidates for limit in candidate.limits}
    taken, admitted, full = dict(held), list[str](), dict[str, Limit]()
    for candidate in candidates:
        # A pool that is full stays full for everybody behind: nobody overtakes whoever waits for it.
        lacking = next((one for one in candidate.limits if taken.get(one.pool, 0) >= sizes[one.pool]), None)
        if lacking:
            full[candidate.call_id] = lacking.model_copy(update={"size": sizes[lacking.pool]})
            continue
        admitted.append(candidate.call_id)
        taken |= {limit.pool: taken.get(limit.pool, 0) + 1 for limit in candidate.limits}
    return Turns(tuple(admitted), full)


def longest_hold_seconds(policy: Policy) -> float:
    """Seconds from its admission after which nothing can be left of a call, a transferred one included.

    The carrier keeps to its limits even when everything of ours is dead, so a slot that is held for longer is held by
    nobody.
    """
    dialled = policy.registered_seconds + policy.ring_seconds + policy.ring_backstop_seconds
    return dialled + policy.carrier_time_limit_seconds + policy.transferred_maximum_seconds
