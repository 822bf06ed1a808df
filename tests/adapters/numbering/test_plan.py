"""What the numbering plans say, and what screening makes of it."""

import pytest

from adapters.numbering.plan import NumberingPlan
from calls.screening import Rule, refused


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("+14155550101", None),
        ("+12025550177", None),
        ("+18005551212", None),
        ("+442071838750", None),
        ("+4930123456", None),
        ("+19005551234", Rule.PREMIUM_RATE),
        ("+449098790000", Rule.PREMIUM_RATE),
        ("+498001234567", None),
        ("+881612345678", Rule.SATELLITE),
        ("+870773111632", Rule.SATELLITE),
        ("+49112", Rule.SHORT_CODE),
        ("+1911", Rule.SHORT_CODE),
        ("+44999", Rule.SHORT_CODE),
        ("+1415555010", Rule.INVALID_NUMBER),
        ("+999123456789", Rule.INVALID_NUMBER),
        ("+210123456", Rule.INVALID_NUMBER),
        ("no number", Rule.INVALID_NUMBER),
        ("+4402071838750", Rule.INVALID_NUMBER),
        ("+114155550101", Rule.INVALID_NUMBER),
        ("+1\u0664\u0661\u0665\u06655550101", Rule.INVALID_NUMBER),
        ("+390612345678", None),
        ("+5491123456789", None),
    ],
)
def test_destinations(number: str, rule: Rule | None) -> None:
    """Ordinary numbers may be rung, those kept for fiction too; dear, short and impossible ones may not."""
    verdict = refused(NumberingPlan().facts(number), frozenset())
    assert (verdict.rule if verdict else None) == rule


@pytest.mark.parametrize(
    ("number", "allowed", "is_refused"),
    [
        ("+14155550101", {"US"}, False),
        ("+12424567890", {"US"}, True),  # the Bahamas share +1
        ("+442071838750", {"US"}, True),
        ("+442071838750", {"US", "GB"}, False),
        ("+442071838750", set[str](), False),
        ("+4990012345", {"DE"}, False),  # given out to nobody, but Germany's code is Germany's alone
        ("+19995550006", {"US"}, True),  # the same below +1, which many countries share
    ],
)
def test_countries(number: str, allowed: set[str], *, is_refused: bool) -> None:
    """Only allowed countries are called; no list allows all."""
    verdict = refused(NumberingPlan().facts(number), frozenset(allowed))
    assert (verdict is not None) == is_refused
    if verdict:
        assert verdict.rule is Rule.COUNTRY_NOT_ALLOWED


def test_another_spelling_is_told_the_right_one() -> None:
    """The do-not-call list and the limits know a number by its text: there must be only one for each."""
    verdict = refused(NumberingPlan().facts("+4402071838750"), frozenset())
    assert verdict is not None
    assert verdict.why == "is not how that number is written: use +442071838750"


def test_zones() -> None:
    """A number's time zones are those of its area, or all of its country's; none where the plan knows none."""
    plan = NumberingPlan()
    assert plan.zones("+12025550100") == ("America/New_York",)
    assert len(plan.zones("+18005551212")) > 10
    assert plan.zones("+881612345678") == ()
