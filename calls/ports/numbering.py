"""What is known of a phone number without asking anybody: its numbering plan."""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Protocol


@unique
class NumberKind(StrEnum):
    """What kind of destination a number is, as far as that matters here."""

    ORDINARY = "ordinary"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    SATELLITE = "satellite"
    """Satellite and other networks of no country, which cost several times what a country's do."""


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What a numbering plan says of a number. `country` is ISO 3166-1 alpha-2, None when it lies in none.

    `calling_code_countries` are all that share the calling code, for a number that the plan assigns to none of them.
    """

    is_possible: bool
    written: str = ""
    """How the number is written, where that is not how it was given, e.g. with a trunk prefix behind the country code.
    Lists and limits know a number by its text, so that another spelling of it must not be rung."""
    is_short: bool = False
    """Whether it is a short code or an emergency number of its country."""
    country: str | None = None
    calling_code_countries: tuple[str, ...] = ()
    kind: NumberKind = NumberKind.ORDINARY


class Numbering(Protocol):
    """Knows the world's numbering plans."""

    def facts(self, number: str) -> NumberFacts:
        """What the plan says of a number in E.164 form; of any text, also of one that is no number."""
        ...

    def zones(self, number: str) -> tuple[str, ...]:
        """The names of all time zones in which it may ring; empty when the plan knows none."""
        ...
