"""The rounds of a run: a burst of calls under a limit, the same with everything killed, and a look at what is left."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.limits.figures import Figures, faults_of, figures, most_at_once
from bench.limits.house import BRIEF, LASTING, House, Order

_TWIN_EVERY = 20
"""Every so many calls one goes to the callee of the call before it."""
_SETTLE_WITHIN_SECONDS = 300.0
_FULL_WITHIN_SECONDS, _LOOK_EVERY_SECONDS = 30.0, 0.2

Say = Callable[[str], None]


async def calm(house: House, calls: int, limit: int, say: Say) -> Figures:
    """So many requests at once, and nothing breaks."""
    orders = _orders("calm", 1, calls)
    await house.teach(orders, BRIEF)
    placed = time.monotonic()
    await asyncio.gather(*(house.place(order) for order in orders))
    say(f"{calls} calls placed in {time.monotonic() - placed:.1f} s, {len(house.refused)} requests asked again")
    return await _counted(house, orders, limit)


async def rejecting(house: House, calls: int, limit: int, say: Say) -> Figures:
    """As many at once for an agent whose calls do not wait: as many as the limit come up, the others end undialled."""
    orders = _orders("reject", 4, calls, twins=False)
    await house.teach(orders, LASTING)
    impatient = await house.agent(when_full="reject")
    await asyncio.gather(*(house.place(order, impatient) for order in orders))
    until = time.monotonic() + _SETTLE_WITHIN_SECONDS
    turned_away = await _turned_away(house, orders)
    while len(turned_away) < calls - limit and time.monotonic() < until:
        await asyncio.sleep(1.0)
        turned_away = await _turned_away(house, orders)
    taken = [order for order in orders if order.call_id not in turned_away]
    live = most_at_once(await house.legs(taken))
    say(f"{len(turned_away)} calls turned away while {live} of {limit} slots were in use")
    await asyncio.gather(*(house.end(order) for order in taken))
    found = await _counted(house, orders, limit)
    wrong = {
        f"{len(turned_away)} of {calls} calls were turned away": len(turned_away) != calls - limit,
        f"{found.carrier_calls} calls were dialled": found.carrier_calls != limit,
    }
    return replace(found, faults=(*found.faults, *(said for said, is_so in wrong.items() if is_so)))


async def _turned_away(house: House, orders: Sequence[Order]) -> set[str]:
    """Which of these calls ended because there was no room."""
    full = "concurrent_call_limit_reached"
    return {one["call_id"] for one in await house.records(orders) if one["progress"]["finish_reason"] == full}


async def killed(house: House, calls: int, limit: int, say: Say) -> Figures:
    """The same, and in the middle everything of ours is killed."""
    orders = _orders("killed", 2, calls)
    await house.teach(orders, BRIEF)
    await asyncio.gather(*(house.place(order) for order in orders))
    await house.until_over(orders, calls // 3)
    began = time.monotonic()
    await house.kill_everything()
    say(f"everything killed and up again after {time.monotonic() - began:.1f} s")
    return await _counted(house, orders, limit)


async def afterwards(house: House, limit: int, say: Say) -> Figures:
    """Calls that stay on: as many as the limit come up at once, and two more wait until there is room."""
    orders = _orders("after", 3, limit + 2, twins=False)
    await house.teach(orders, LASTING)
    await asyncio.gather(*(house.place(order) for order in orders))
    until = time.monotonic() + _FULL_WITHIN_SECONDS
    while time.monotonic() < until and most_at_once(await house.legs(orders)) < limit:  # noqa: ASYNC110 - only asked
        await asyncio.sleep(_LOOK_EVERY_SECONDS)
    await asyncio.sleep(2.0)
    live = most_at_once(await house.legs(orders))
    say(f"{live} of {limit} slots in use, 2 calls wait")
    await asyncio.gather(*(house.end(order) for order in orders))
    found = await _counted(house, orders, limit)
    return replace(found, faults=(*found.faults, *(() if live == limit else (f"only {live} slots were usable",))))


async def _counted(house: House, orders: Sequence[Order], limit: int) -> Figures:
    is_settled = await house.settled(_SETTLE_WITHIN_SECONDS)
    records, legs = await house.records(orders), await house.legs(orders)
    longest = await house.longest_history()
    found = figures(records, legs, calls=len(orders), limit=limit, longest_history=longest)
    return replace(found, faults=faults_of(found, records, is_settled=is_settled))


def _orders(name: str, round_number: int, calls: int, *, twins: bool = True) -> list[Order]:
    callees = [place - (twins and place % _TWIN_EVERY == _TWIN_EVERY - 1) for place in range(calls)]
    return [
        Order(f"limits-{name}-{place:03d}", f"+1203{round_number * 1_000_000 + callee:07d}")
        for place, callee in enumerate(callees)
    ]
