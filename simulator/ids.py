"""Identifiers and formats of the carrier's wire."""

import secrets
from datetime import UTC, datetime
from email.utils import format_datetime

API_VERSION = "2010-04-01"
PUBLIC_NUMBER_PREFIX = "+1415555"
"""Numbers the simulated account owns unless told otherwise."""


def new_sid(prefix: str) -> str:
    """Make a resource identifier: two letters and 32 hex digits."""
    return prefix + secrets.token_hex(16)


def rfc2822(epoch: float) -> str:
    """Write a moment as the REST API and the callbacks do, in UTC with one-second resolution."""
    return format_datetime(datetime.fromtimestamp(int(epoch), UTC))


def rfc2822_or_none(epoch: float | None) -> str | None:
    """Write a moment that may not have come yet."""
    return None if epoch is None else rfc2822(epoch)
