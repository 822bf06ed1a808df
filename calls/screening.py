"""Screening: which destinations may be rung: by their numbers, the do-not-call list, their clock, and how often.

A number need only be *possible* in its country (the right length), not one that the plan lists as given out: plans
change faster than their copies do, and ranges that are kept for fiction are not in them. A number that is possible and
not given out costs one refusal of the carrier.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final

from calls.calling_hours import CallingHours, next_allowed
from calls.ports.call_store import CallFilter, CallStore
from calls.ports.do_not_call import DoNotCallList
from calls.ports.numbering import NumberFacts, Numbering, NumberKind


@unique
class Rule(StrEnum):
    """The rule by which a destination is refused; stable, for programs."""

    INVALID_NUMBER = "invalid_number"
    SHORT_CODE = "short_code"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    PREMIUM_RATE = "premium_rate_number"
    SHARED_COST = "shared_cost_number"
    SATELLITE = "satellite_number"
    DO_NOT_CALL = "do_not_call"
    OUTSIDE_CALLING_HOURS = "outside_calling_hours"
    CALLED_TOO_OFTEN = "called_too_often"


@dataclass(frozen=True, slots=True)
class Refused:
    """A destination that must not be rung: by which rule, and what to do about it."""

    rule: Rule
    why: str


_LISTED = Refused(
    Rule.DO_NOT_CALL, "is on the do-not-call list: only take it off (/v1/do-not-call) if whoever it belongs to agrees"
)
_KINDS = {
    NumberKind.PREMIUM_RATE: Rule.PREMIUM_RATE,
    NumberKind.SHARED_COST: Rule.SHARED_COST,
    NumberKind.SATELLITE: Rule.SATELLITE,
}


def refused(facts: NumberFacts, allowed_countries: AbstractSet[str]) -> Refused | None:
    """Why a number must not be rung; None when it may be. No allowed countries means all of them."""
    if facts.is_short:
        return Refused(Rule.SHORT_CODE, "is a short code or an emergency number: dial a full number")
    if not facts.is_possible:
        return Refused(Rule.INVALID_NUMBER, "cannot be a phone number of its country: check its digits")
    if facts.written:
        return Refused(Rule.INVALID_NUMBER, f"is not how that number is written: use {facts.written}")
    if rule := _KINDS.get(facts.kind):
        kind = facts.kind.value.replace("_", " ")
        return Refused(rule, f"is a {kind} number, and those are never dialled: use an ordinary number of the callee")
    if allowed_countries and not _lies_in(facts, allowed_countries):
        where = facts.country or "no country that is known"
        why = f"lies in {where}, where this deployment does not call: add it to RINGBACK_ALLOWED_COUNTRIES to allow it"
        return Refused(Rule.COUNTRY_NOT_ALLOWED, why)
    return None


def _lies_in(facts: NumberFacts, countries: AbstractSet[str]) -> bool:
    """A number that the plan assigns to none of its code's countries counts only where all of those are allowed."""
    if facts.country is not None:
        return facts.country in countries
    return bool(facts.calling_code_countries) and set(facts.calling_code_countries) <= countries


_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a callee may be called within any 24 hours, counted over the calls that the carrier took."""

    calls: CallStore
    most: int

    async def refused(self, number: str, at: datetime) -> Refused | None:
        """Why this number was called often enough; None when it may be called again. Raises StoreUnavailableError."""
        lately = CallFilter(to_number=number, start_time_after=at - _A_DAY, page_size=1)
        if (count := (await self.calls.page(lately)).total) < self.most:
            return None
        why = (
            f"was called {count} times in the last 24 hours, and RINGBACK_MAX_CALLS_PER_CALLEE_PER_DAY "
            f"allows {self.most}: call again later"
        )
        return Refused(Rule.CALLED_TOO_OFTEN, why)


@dataclass(frozen=True, slots=True)
class Screening:
    """The deployment's screening: numbering plans, do-not-call list, and the countries it calls (none means all).

    `calling_hours` are those of agents that have none of their own.
    """

    numbering: Numbering
    do_not_call: DoNotCallList
    allowed_countries: frozenset[str] = frozenset()
    calling_hours: CallingHours | None = None
    frequency: Frequency | None = None

    async def refused(self, number: str) -> Refused | None:
        """Why this number must not be rung; None when it may be. Raises StoreUnavailableError."""
        if verdict := refused(self.numbering.facts(number), self.allowed_countries):
            return verdict
        return _LISTED if await self.do_not_call.find(number) else None

    async def refused_now(self, number: str, hours: CallingHours | None, at: datetime) -> Refused | None:
        """Why this number must not be dialled `at` this instant; None when it may be. Raises StoreUnavailableError."""
        if verdict := await self.refused(number) or self._outside(number, hours, at):
            return verdict
        return await self.frequency.refused(number, at) if self.frequency else None

    def next_allowed(self, number: str, hours: CallingHours, at: datetime) -> datetime | None:
        """The first instant from `at` on at which the clock allows this number; None when none comes."""
        return next_allowed(at, hours, self.numbering.zones(number))

    def _outside(self, number: str, hours: CallingHours | None, at: datetime) -> Refused | None:
        if hours is None or (best := self.next_allowed(number, hours, at)) == at:
            return None
        if best is None:
            why = f"lies in no time zone in which its calling hours ({hours}) could be told: call another number"
        else:
            why = f"is rung only within its calling hours ({hours}, its own time): call at {best.isoformat()} or later"
        return Refused(Rule.OUTSIDE_CALLING_HOURS, why)
