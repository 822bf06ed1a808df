"""Screening: which destinations may be rung at all, by what their numbers say and by the do-not-call list.

A number need only be *possible* in its country (the right length), not one that the plan lists as given out: plans
change faster than their copies do, and ranges that are kept for fiction are not in them. A number that is possible and
not given out costs one refusal of the carrier.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum, unique

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


@dataclass(frozen=True, slots=True)
class Screening:
    """The deployment's screening: numbering plans, do-not-call list, and the countries it calls (none means all)."""

    numbering: Numbering
    do_not_call: DoNotCallList
    allowed_countries: frozenset[str] = frozenset()

    async def refused(self, number: str) -> Refused | None:
        """Why this number must not be rung; None when it may be. Raises StoreUnavailableError."""
        if verdict := refused(self.numbering.facts(number), self.allowed_countries):
            return verdict
        return _LISTED if await self.do_not_call.find(number) else None
