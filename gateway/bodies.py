"""Reading request bodies: within a limit, as strict JSON, into a model; and saying exactly what is wrong with one.

JSON is taken more strictly than the standard library takes it, because what is accepted here is stored and sent on:
no duplicate keys, no NaN or Infinity, nothing that a UTF-8 stream cannot hold.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn, TypeVar

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

BODY_LIMIT = 256 * 1024
"""Bytes of a JSON body."""
DEPTH_LIMIT = 64
"""Levels of nesting; every reader after us has a limit of its own, around 100."""
DIGITS_LIMIT = 1000
"""Digits of a whole number; reading more of them takes quadratic time."""

M = TypeVar("M", bound=BaseModel)
Location = Sequence[str | int]


class MalformedJsonError(ValueError):
    """A body that is no JSON object, or holds what cannot be kept."""


def refuse(loc: Location, message: str, kind: str = "value_error") -> NoReturn:
    """Answer 422, in the shape that FastAPI gives."""
    raise RequestValidationError([{"type": kind, "loc": tuple(loc), "msg": message}])


async def limited_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The whole body; 413 when it is longer than `limit` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise HTTPException(413, f"the body is larger than {limit // 1024} kB")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise HTTPException(413, f"the body is larger than {limit // 1024} kB")
    except ClientDisconnect:
        raise HTTPException(400, "the request ended before its body did") from None
    return bytes(body)


def parsed_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises MalformedJsonError."""
    try:
        parsed = json.loads(body.decode(), object_pairs_hook=_distinct, parse_constant=_no_constant, parse_int=_integer)
        _check(parsed, DEPTH_LIMIT)
    except UnicodeDecodeError:
        raise MalformedJsonError("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise MalformedJsonError(f"nested deeper than {DEPTH_LIMIT} levels") from None
    if not isinstance(parsed, dict):
        raise MalformedJsonError("must be a JSON object")
    return parsed


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise MalformedJsonError(f"the key {key!r} occurs twice in one object")
        seen[key] = value
    return seen


def _no_constant(name: str) -> NoReturn:
    raise MalformedJsonError(f"{name} is no JSON value")


def _integer(digits: str) -> int:
    if len(digits) > DIGITS_LIMIT:
        raise MalformedJsonError(f"a number has more than {DIGITS_LIMIT} digits")
    return int(digits)


def _check(value: Any, levels_left: int) -> None:
    """Refuse what parses and cannot be kept: deep nesting, lone surrogates, numbers out of range."""
    if levels_left == 0:
        raise MalformedJsonError(f"nested deeper than {DEPTH_LIMIT} levels")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            raise MalformedJsonError("a number is out of range")
    elif isinstance(value, list):
        for item in value:
            _check(item, levels_left - 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check(item, levels_left - 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedJsonError("a text holds half of a surrogate pair") from None


def json_body(
    model: type[M], *, may_be_absent: bool = False, nulls_count: bool = False
) -> Callable[[Request], Awaitable[M]]:
    """A dependency that reads the body into `model`, or answers 413 or 422.

    A null for a field that need not be given means the same as leaving it out, unless `nulls_count`.
    """

    async def read(request: Request) -> M:
        body = await limited_body(request)
        if not body.strip() and may_be_absent:
            return validated(model, {})
        try:
            fields = parsed_object(body)
        except MalformedJsonError as error:
            refuse(["body"], f"the body is not usable JSON: {error}", "json_invalid")
        if not nulls_count:
            fields = {name: value for name, value in fields.items() if value is not None or not _optional(model, name)}
        return validated(model, fields)

    return read


def _optional(model: type[BaseModel], name: str) -> bool:
    return name in model.model_fields and not model.model_fields[name].is_required()


def validated(model: type[M], fields: dict[str, Any]) -> M:
    """The model, or 422 with every problem and its place."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(
            [{**detail, "loc": ("body", *detail["loc"])} for detail in error.errors(include_url=False)]
        ) from None
