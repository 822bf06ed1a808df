"""Which stored message is which utterance that was heard: both in order, and as little as possible unexplained."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

_PART, _EXCUSED, _LACKING, _EXTRA = 0.1, 0.2, 2.0, 3.0
"""What it weighs that a message is only the beginning of its utterance, that an utterance near a break or another one
is lacking, and that a message was never heard."""


def plain(text: str) -> str:
    """Words without regard to the space between them."""
    return " ".join(text.split())


def is_of(message: Row, said: Row) -> bool:
    """Whether a message is an utterance, or the beginning of it."""
    kept, whole = plain(message["content"]), plain(said["text"])
    return bool(message["role"] == said["role"] and kept and whole.startswith(kept))


class Alignment:
    """The cheapest way through both lists. `excused` are the utterances that may be lacking."""

    def __init__(self, heard: Sequence[Row], stored: Sequence[Row], excused: frozenset[int]) -> None:
        self._heard = heard
        self._stored = stored
        self._excused = excused
        rows, columns = len(heard), len(stored)
        self._costs = [[0.0] * (columns + 1) for _ in range(rows + 1)]
        for at in range(rows, -1, -1):
            for number in range(columns, -1, -1):
                self._costs[at][number] = min((cost for cost, *_ in self._steps(at, number)), default=0.0)

    def pairs(self) -> list[tuple[int, int]]:
        """Places in `heard` and in `stored` that belong together."""
        found: list[tuple[int, int]] = []
        at = number = 0
        while at < len(self._heard) or number < len(self._stored):
            _, next_at, next_number = min(self._steps(at, number))
            if next_at > at and next_number > number:
                found.append((at, number))
            at, number = next_at, next_number
        return found

    def _steps(self, at: int, number: int) -> Iterator[tuple[float, int, int]]:
        """The ways on from here: the cost to the end, and where each leads."""
        is_heard, is_stored = at < len(self._heard), number < len(self._stored)
        if is_heard and is_stored and is_of(self._stored[number], self._heard[at]):
            is_part = plain(self._stored[number]["content"]) != plain(self._heard[at]["text"])
            yield _PART * is_part + self._costs[at + 1][number + 1], at + 1, number + 1
        if is_heard:
            yield (_EXCUSED if at in self._excused else _LACKING) + self._costs[at + 1][number], at + 1, number
        if is_stored:
            yield _EXTRA + self._costs[at][number + 1], at, number + 1
