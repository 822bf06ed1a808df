"""When a callee may be rung, also on the days on which clocks are set."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from calls.calling_hours import CallingHours, Weekday, is_allowed, next_allowed

NEW_YORK, LOS_ANGELES, BERLIN, LORD_HOWE = (
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Australia/Lord_Howe",
)
OFFICE = CallingHours.model_validate({"from": "09:00", "until": "20:00"})
MINUTE = timedelta(minutes=1)


def hours(opens: str, closes: str, *days: Weekday) -> CallingHours:
    """Calling hours on these days; on all without any."""
    return CallingHours(opens=opens, closes=closes, days=days or tuple(Weekday))


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        ("2026-01-15T13:59:59", False),
        ("2026-01-15T14:00:00", True),
        ("2026-01-16T00:59:59", True),
        ("2026-01-16T01:00:00", False),
    ],
)
def test_bounds(at: str, *, allowed: bool) -> None:
    """The first minute is allowed and the last is not, by New York's own clock."""
    assert is_allowed(datetime.fromisoformat(at).replace(tzinfo=UTC), OFFICE, [NEW_YORK]) is allowed


def test_all_zones() -> None:
    """A number in several zones may be rung only while it is allowed in each of them."""
    nine_in_new_york = datetime(2026, 1, 15, 14, tzinfo=UTC)
    both = [NEW_YORK, LOS_ANGELES]
    assert not is_allowed(nine_in_new_york, OFFICE, both)
    assert next_allowed(nine_in_new_york, OFFICE, both) == datetime(2026, 1, 15, 17, tzinfo=UTC)


def test_no_zone() -> None:
    """Without a zone no time is allowed, and none comes."""
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    assert not is_allowed(noon, OFFICE, [])
    assert next_allowed(noon, OFFICE, []) is None


def test_no_shared_hour() -> None:
    """Zones that share no hour of these are never allowed together."""
    assert next_allowed(datetime(2026, 1, 15, tzinfo=UTC), hours("09:00", "10:00"), [NEW_YORK, BERLIN]) is None


def test_weekend() -> None:
    """After Friday's last minute comes Monday's first."""
    weekdays = hours("09:00", "20:00", Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
    friday_evening = datetime(2026, 1, 16, 19, 0, 30, tzinfo=UTC)
    assert next_allowed(friday_evening, weekdays, [BERLIN]) == datetime(2026, 1, 19, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "shown", "comes"),
    [
        # Berlin, 2026-03-29: 02:00 becomes 03:00. Hours that begin in the hour that never comes begin after it.
        ("2026-03-29T00:00", hours("02:30", "04:00"), "2026-03-29T01:00"),
        ("2026-03-28T23:00", hours("02:15", "02:45"), "2026-03-30T00:15"),
        # Berlin, 2026-10-25: 03:00 becomes 02:00. The hour that comes twice is allowed twice.
        ("2026-10-25T00:30", hours("02:00", "02:30"), "2026-10-25T01:00"),
        ("2026-10-25T00:45", hours("01:00", "02:45"), "2026-10-25T01:00"),
    ],
)
def test_clocks_set(at: str, shown: CallingHours, comes: str) -> None:
    """On a day on which the clock is set, the clock on the wall decides."""
    start, expected = (datetime.fromisoformat(when).replace(tzinfo=UTC) for when in (at, comes))
    assert next_allowed(start, shown, [BERLIN]) == expected


@pytest.mark.parametrize("pair", [("20:00", "09:00"), ("09:00", "09:00"), ("9:00", "20:00"), ("09:00", "24:01")])
def test_refused_hours(pair: tuple[str, str]) -> None:
    """Hours that are empty, span midnight or are no times are refused."""
    with pytest.raises(ValidationError):
        hours(*pair)


def test_wire_names() -> None:
    """On the wire the hours read from, until and days."""
    assert set(OFFICE.model_dump(mode="json")) == {"from", "until", "days"}


_times = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
_some_hours = (
    st.tuples(_times, _times, st.sets(st.sampled_from(Weekday), min_size=1))
    .filter(lambda parts: parts[0] < parts[1])
    .map(lambda parts: hours(parts[0], parts[1], *sorted(parts[2])))
)
_zones = st.lists(st.sampled_from([NEW_YORK, LOS_ANGELES, BERLIN, LORD_HOWE]), min_size=1, max_size=2)
_near_a_change = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.sampled_from(
        [datetime(2026, month, day, tzinfo=UTC) for month, day in [(3, 8), (3, 29), (4, 4), (10, 25), (11, 1)]]
    ),
    st.integers(-1440, 1440),
)


@settings(max_examples=40, deadline=None)  # each looks at a day minute by minute
@given(at=_near_a_change, shown=_some_hours, zones=_zones)
def test_the_first_allowed(at: datetime, shown: CallingHours, zones: list[str]) -> None:
    """What comes is allowed, and no minute before it is, through every change of the clocks."""
    comes = next_allowed(at, shown, zones)
    minutes = (at + MINUTE * count for count in range(1440))
    first = next((minute for minute in minutes if is_allowed(minute, shown, zones)), None)
    if first is not None:
        assert comes == first
    elif comes is not None:
        assert comes >= at + MINUTE * 1440
        assert is_allowed(comes, shown, zones)
