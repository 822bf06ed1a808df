"""How the text of a setting becomes its value, and what text is refused. Pure functions, for `runtime.settings`."""

import ipaddress
import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr, ValidationError

from adapters.mongo.database import refuse_bad_uri
from calls.calling_hours import CallingHours

_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only mean this machine (RFC 6761 §6.3 for names)."""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # the parser only looks at the port when asked
    except ValueError as error:
        raise ValueError(f"is not an address: {error}") from error
    return parts


def is_private_name(host: str | None) -> bool:
    """Whether a host can only mean this machine or a neighbour: no public name is without dots, as containers' are."""
    return is_loopback(host) or (host is not None and "." not in host and ":" not in host)


def any_origin(url: str) -> str:
    """Accept `http[s]://host[:port]` and nothing after it."""
    parts = _split(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address like https://calls.example.com")
    if parts.username is not None:
        raise ValueError("must not carry a user name or a password")
    if url != f"{parts.scheme}://{parts.netloc}" or parts.netloc.endswith(":"):
        raise ValueError("must end after the host and port: no path, no query, no slash at the end")
    return url


def public_origin(url: str) -> str:
    """Accept https, or http where the host is this machine.

    Nothing may follow the host and port: it would be signed by the carrier and not by us, or the other way round.
    """
    parts = urlsplit(any_origin(url))
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must use https; http is only allowed on this machine itself")
    return url


def private_origin(url: str) -> str:
    """Accept https, or http where the host is this machine or a neighbour: requests there carry the auth token."""
    parts = urlsplit(any_origin(url))
    if parts.scheme == "http" and not is_private_name(parts.hostname):
        raise ValueError("must use https; http is only allowed on this machine or to a container beside it")
    return url


def calling_hours(text: Any) -> Any:
    """Read `[mon,tue ]08:00-20:00`; whatever does not look like it is refused with an example."""
    if not isinstance(text, str):
        return text
    days, _, hours = text.strip().lower().rpartition(" ")
    opens, dash, closes = hours.partition("-")
    if not dash:
        raise ValueError("must be hours like 08:00-20:00, or days and hours like mon,tue,wed,thu,fri 08:00-20:00")
    named = {"days": [day.strip() for day in days.split(",")]} if days else {}
    try:
        return CallingHours.model_validate({"from": opens, "until": closes, **named})
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


def only_reachable_from_here(url: str | None) -> bool:
    """Whether an origin names this machine, or a name that no public name server answers (RFC 6761)."""
    host = urlsplit(url or "").hostname
    return host is not None and (is_loopback(host) or host.endswith((".test", ".invalid", ".example")))


def mongodb_uri(uri: SecretStr) -> SecretStr:
    """Accept a MongoDB connection string that the driver can read."""
    refuse_bad_uri(uri.get_secret_value())
    return uri


def comma_list(value: Any) -> Any:
    """Split `a, b` into its items; anything that is no text is left for the type to judge."""
    return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value


def sha256_digests(digests: tuple[str, ...]) -> tuple[str, ...]:
    """Accept SHA-256 digests in lower-case hexadecimal, the form that comparing them needs."""
    lowered = tuple(digest.lower() for digest in digests)
    for position, digest in enumerate(lowered, start=1):
        if not _SHA256.fullmatch(digest):
            raise ValueError(f"item {position} is not a SHA-256 digest (64 hexadecimal digits)")
    return lowered


def upper_case(value: Any) -> Any:
    """`info` means `INFO`."""
    return value.upper() if isinstance(value, str) else value


def lower_case(value: Any) -> Any:
    """`JSON` means `json`."""
    return value.lower() if isinstance(value, str) else value


def country_codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Accept ISO 3166-1 alpha-2 codes, in capitals or not."""
    for code in codes:
        if not re.fullmatch(r"[A-Za-z]{2}", code):
            raise ValueError(f"{code!r} is no ISO code of a country: give two letters each, e.g. US,CA,GB")
    return tuple(code.upper() for code in codes)
