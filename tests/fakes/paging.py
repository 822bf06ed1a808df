"""Pages of what lies in memory, with tokens that name the last item shown."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from calls.ports.pages import BadPageTokenError, Page

T = TypeVar("T")


def page_from(
    listing: str,
    items: Iterable[T],
    *,
    key: Callable[[T], tuple[str, ...]],
    size: int,
    page_token: str | None,
    descending: bool = False,
) -> Page[T]:
    """A page of the items in order of their keys. Raises BadPageTokenError."""
    ordered = sorted(items, key=key, reverse=descending)
    start = _start(listing, page_token)
    rest = [item for item in ordered if start is None or (key(item) < start if descending else key(item) > start)]
    shown = rest[:size]
    following = json.dumps([listing, *key(shown[-1])]) if len(rest) > size else None
    return Page(shown, following, len(ordered))


def to_the_millisecond(time: datetime) -> datetime:
    """The time as the real store keeps it."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _start(listing: str, page_token: str | None) -> tuple[str, ...] | None:
    if page_token is None:
        return None
    try:
        named, *start = json.loads(page_token)
    except (ValueError, TypeError) as error:
        raise BadPageTokenError("not a page token") from error
    if named != listing:
        raise BadPageTokenError("a page token of another listing")
    return tuple(start)
