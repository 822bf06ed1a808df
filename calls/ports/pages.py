"""Listings, page by page, and what every store may raise."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing, the token of the next, and how many there are in all."""

    items: list[T]
    next_page_token: str | None
    total: int


class BadPageTokenError(ValueError):
    """A page token that this store did not give."""


class StoreUnavailableError(Exception):
    """The store did not answer; asking again later can help."""


class StoreRefusedError(StoreUnavailableError):
    """The store answered that it does not let us in: user or password are wrong, or may not do this."""
