"""Reading what was typed: strict JSON, and errors that name the option."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from runtime.command_line.exits import CommandError, Exit

M = TypeVar("M", bound=BaseModel)

_VALUE_ERROR = "Value error, "
_E164 = "is no E.164 number: + and 7 to 15 digits, for example +14155550101"
_NUMBER_FIELDS = {"from_number", "to_number", "phone_number", "transfer_allow_list"}
_PATTERNS: Mapping[str, str] = {
    **dict.fromkeys(_NUMBER_FIELDS, _E164),
    "call_id": "must be 1 to 64 letters, digits, dots, underscores or dashes, beginning with a letter or digit",
    "webhook_url": "must start with https:// or http://",
}


def json_object(text: str, option: str) -> dict[str, Any]:
    """The JSON object typed for an option, as strictly as the HTTP API reads it. Raises CommandError."""
    # Only those who give JSON pay for the web framework that this module brings along (half a second).
    from gateway.bodies import BODY_LIMIT, MalformedJsonError, parsed_object  # noqa: PLC0415 - see above

    body = text.encode(errors="surrogateescape")
    if len(body) > BODY_LIMIT:
        raise CommandError(f"{option}: is larger than {BODY_LIMIT // 1024} kB", Exit.BAD_INPUT)
    try:
        return parsed_object(body)
    except MalformedJsonError as error:
        raise CommandError(f"{option}: is not usable JSON: {error}", Exit.BAD_INPUT) from None


def read(model: type[M], fields: Mapping[str, Any], options: Mapping[str, str]) -> M:
    """The model made of the fields, or a CommandError with a line for each problem, named by its option."""
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        lines = [_line(problem, options) for problem in error.errors(include_url=False)]
        raise CommandError("\n".join(lines), Exit.BAD_INPUT) from None


def _line(problem: Any, options: Mapping[str, str]) -> str:
    path = [str(part) for part in problem["loc"]]
    name = options.get(path[0], ".".join(path)) if path else "input"
    if problem["type"] == "string_pattern_mismatch" and path[0] in _PATTERNS:
        return f"{name}: {problem['input']!r} {_PATTERNS[path[0]]}"
    if problem["type"] == "extra_forbidden":
        return f"{name}: this field is not known"
    if path[1:] and path[0] in options:
        name = f"{name} {'.'.join(path[1:])}"
    message = problem["msg"].removeprefix(_VALUE_ERROR)
    return f"{name}: {message[:1].lower()}{message[1:]}"
