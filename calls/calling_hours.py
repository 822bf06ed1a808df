"""Calling hours: when a callee may be rung, by the clock on the callee's own wall.

Rules of this file
1. A number can lie in several time zones. A time is allowed only if it is allowed in all of them.
2. With no zone known, no time is allowed: whoever asks refuses with words, or brings a fallback zone.
3. The wall clock decides, also on the days on which it is set forward or back.

The machine's time zone database is read here, and two machines may have two of them: in a workflow these answers
are no constants of its history. Ask in an activity.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator


@unique
class Weekday(StrEnum):
    """A day of the week, Monday first."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_WEEK: Final = tuple(Weekday)
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_HORIZON: Final = timedelta(days=15)
"""Two weeks and a day: the same hours come again every week, and a clock that is set may cost them once."""

WallTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="HH:MM, 24 hours")]
ClosingTime = Annotated[
    str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", description="HH:MM, at most 24:00")
]


class CallingHours(BaseModel):
    """Hours of some days of the week: from `from`, included, until `until`, excluded. They do not span midnight."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    opens: WallTime = Field(alias="from")
    closes: ClosingTime = Field(alias="until")
    days: tuple[Weekday, ...] = Field(default=_WEEK, min_length=1, max_length=7)

    def __str__(self) -> str:
        """As in `mon,tue 08:00-20:00`; every day needs no naming."""
        days = "" if set(self.days) == set(_WEEK) else f"{','.join(self.days)} "
        return f"{days}{self.opens}-{self.closes}"

    @model_validator(mode="after")
    def _open_before_they_close(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("calling hours must begin before they end, on one day: give `from` and `until` in order")
        return self


def is_allowed(at: datetime, hours: CallingHours, zones: Iterable[str]) -> bool:
    """Whether a callee in all these zones may be rung `at` this instant, which is aware of its own zone.

    Raises ZoneInfoNotFoundError for a zone that the machine's database lacks.
    """
    known = tuple(map(ZoneInfo, zones))
    return bool(known) and all(_is_open(at.astimezone(zone), hours) for zone in known)


def next_allowed(at: datetime, hours: CallingHours, zones: Iterable[str]) -> datetime | None:
    """The first instant from `at` on that is allowed, in the zone of `at`; None when no such time comes.

    `at` itself when it is allowed, else a whole minute. None: no zone is known, or the zones share no hour.
    """
    known = tuple(map(ZoneInfo, zones))
    if not known:
        return None
    instant = at.astimezone(ZoneInfo("UTC"))
    last = instant + _HORIZON
    while instant <= last:
        closed = [zone for zone in known if not _is_open(instant.astimezone(zone), hours)]
        if not closed:
            return instant.astimezone(at.tzinfo)
        instant = instant.replace(second=0, microsecond=0) + max(_shut_for(instant, hours, zone) for zone in closed)
    return None


def _is_open(local: datetime, hours: CallingHours) -> bool:
    # "HH:MM" sorts as the clock runs, and "24:00" behind every minute of the day.
    return _WEEK[local.weekday()] in hours.days and hours.opens <= f"{local:%H:%M}" < hours.closes


def _shut_for(instant: datetime, hours: CallingHours, zone: ZoneInfo) -> timedelta:
    """Whole minutes for which it is sure to stay shut in this zone, at least one."""
    local = instant.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    midnight = local.replace(hour=0, minute=0)
    hour, minute = map(int, hours.opens.split(":"))
    opening = midnight.replace(hour=hour, minute=minute)
    wait = (opening if opening > local else midnight + _DAY) - local
    # A clock that is set meanwhile may open the hours sooner: on the way to that, every minute is looked at.
    is_steady = (instant + wait).astimezone(zone).utcoffset() == instant.astimezone(zone).utcoffset()
    return wait if is_steady else _MINUTE
