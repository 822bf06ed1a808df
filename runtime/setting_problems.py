"""What is wrong with some settings, said to the person who must put it right.

Values are never shown: one may be a secret that was pasted into the wrong line.
"""

import difflib
from collections.abc import Iterator, Mapping

from pydantic import BaseModel
from pydantic_core import ErrorDetails

ENV_PREFIX = "RINGBACK_"
ENV_NESTED_DELIMITER = "__"
ENV_FILE_VARIABLE = "RINGBACK_ENV_FILE"

_VALUE_ERROR = "Value error, "
_MISSING = "missing"


def environment_name(*path: str) -> str:
    """The variable that sets a field: `policy`, `ring_seconds` → `RINGBACK_POLICY__RING_SECONDS`."""
    return ENV_PREFIX + ENV_NESTED_DELIMITER.join(path).upper()


def environment_names(model: type[BaseModel]) -> Mapping[str, str]:
    """Every variable that sets something in `model`, with what it is for."""
    return dict(_walk(model))


def _walk(model: type[BaseModel], *above: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _walk(field.annotation, *above, name)
        else:
            yield environment_name(*above, name), field.description or ""


def described(error: ErrorDetails, purposes: Mapping[str, str]) -> str:
    """One line about one refused value: its variable, what is wrong, what it is for."""
    path = tuple(str(part) for part in error["loc"])
    name = next((name for name in (environment_name(*path), environment_name(*path[:1])) if name in purposes), "")
    name = name or environment_name(*path)
    if error["type"] == _MISSING:
        return f"{name} is missing. {purposes.get(name, '')}".rstrip()
    fault = error["msg"].removeprefix(_VALUE_ERROR)
    return f"{name}: {fault[:1].lower()}{fault[1:]}. {purposes.get(name, '')}".rstrip()


def unknown(names: Iterator[str], purposes: Mapping[str, str]) -> Iterator[str]:
    """One line about each variable that looks like ours and sets nothing: a misspelt setting is not set."""
    known = [*purposes, ENV_FILE_VARIABLE]
    for name in sorted({name.upper() for name in names} - set(known)):
        if not name.startswith(ENV_PREFIX):
            continue
        close = difflib.get_close_matches(name, known, n=1)
        yield f"{name} is no setting. " + (f"Did you mean {close[0]}?" if close else "Remove it.")
