"""Laying what is stored beside what was heard, so that as little as can be is left over on either side.

A person says the same words twice at times. Taking the first that fits would then blame the wrong one of the two.
"""

from collections.abc import Callable
from typing import NamedTuple

Fits = Callable[[int, int], int | None]
Price = Callable[[int], int]


class Alignment(NamedTuple):
    """Which heard utterance each stored one is; and what was left over, by position."""

    pairs: frozenset[tuple[int, int]]
    heard_only: tuple[int, ...]
    stored_only: tuple[int, ...]


def align(heard: int, stored: int, fits: Fits, price: Price, *, stray: int) -> Alignment:
    """The cheapest alignment in order of `heard` with `stored` utterances.

    `fits(at, to)` is what it costs to take one for the other, None where that cannot be; `price(at)` what it costs to
    leave a heard one over, `stray` a stored one.
    """
    costs = _costs(heard, stored, fits, price, stray)
    at, to = 0, 0
    pairs, heard_only, stored_only = set[tuple[int, int]](), list[int](), list[int]()
    while at < heard or to < stored:
        taken = fits(at, to) if at < heard and to < stored else None
        if taken is not None and costs[at][to] == costs[at + 1][to + 1] + taken:
            pairs.add((at, to))
            at, to = at + 1, to + 1
        elif at < heard and costs[at][to] == costs[at + 1][to] + price(at):
            heard_only.append(at)
            at += 1
        else:
            stored_only.append(to)
            to += 1
    return Alignment(frozenset(pairs), tuple(heard_only), tuple(stored_only))


def _costs(heard: int, stored: int, fits: Fits, price: Price, stray: int) -> list[list[int]]:
    """The least cost of what follows each pair of positions."""
    costs = [[0] * (stored + 1) for _ in range(heard + 1)]
    for to in reversed(range(stored)):
        costs[heard][to] = costs[heard][to + 1] + stray
    for at in reversed(range(heard)):
        costs[at][stored] = costs[at + 1][stored] + price(at)
        for to in reversed(range(stored)):
            ways = [costs[at + 1][to] + price(at), costs[at][to + 1] + stray]
            if (taken := fits(at, to)) is not None:
                ways.append(costs[at + 1][to + 1] + taken)
            costs[at][to] = min(ways)
    return costs
