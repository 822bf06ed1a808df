"""Which of the agent's languages its words are voiced in: the one that it was last spoken to in."""

from collections.abc import Sequence


class Languages:
    """`others` are the agent's languages beside the relay's own; `spoken` is one of them, or None for the relay's."""

    __slots__ = ("_others", "spoken")

    def __init__(self, others: Sequence[str]) -> None:
        self._others = others
        self.spoken: str | None = None

    def heard(self, language: str) -> None:
        """The callee spoke this language. The relay may name it with a region (en-US) or without (en)."""
        if language and self._others:
            self.spoken = next((one for one in self._others if _main(one) == _main(language)), None)


def _main(language: str) -> str:
    return language.partition("-")[0].lower()
