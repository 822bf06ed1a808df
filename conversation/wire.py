"""Reading and writing JSON text frames, and the two ways in which a frame can be wrong."""

import json
from typing import Any


class UndecodableError(ValueError):
    """The frame is no JSON object: the peer may be broken, so these are counted."""


class WronglyTypedError(ValueError):
    """The frame is an object but a field has a type that its protocol does not know: it is dropped alone."""


_LARGEST = 2**53  # beyond it peers that read numbers as floating point lose digits

encode = json.JSONEncoder(separators=(",", ":")).encode


def decode(text: str) -> dict[str, Any]:
    """The object in a text frame; raises UndecodableError."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UndecodableError("no JSON") from error
    if not isinstance(value, dict):
        raise UndecodableError("no object")
    return value


def read_text(frame: dict[str, Any], name: str) -> str | None:
    """A string field, None when absent or null; lone surrogates, which no socket or store takes, are replaced."""
    value = frame.get(name)
    if value is None or (type(value) is str and value.isascii()):
        return value
    if not isinstance(value, str):
        raise WronglyTypedError(f"{name} is no string")
    return value.encode("utf-8", "replace").decode() if _has_surrogates(value) else value


def read_flag(frame: dict[str, Any], name: str) -> bool:
    """A boolean field, False when absent or null."""
    value = frame.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise WronglyTypedError(f"{name} is no boolean")
    return value


def read_whole(frame: dict[str, Any], name: str) -> int | None:
    """A whole number that is not negative, None when absent or null."""
    value = frame.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise WronglyTypedError(f"{name} is no whole number")
    return value


def read_object(frame: dict[str, Any], name: str) -> dict[str, Any]:
    """An object field, empty when absent or null."""
    value = frame.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WronglyTypedError(f"{name} is no object")
    return value


def _has_surrogates(value: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in value)
