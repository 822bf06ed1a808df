"""Errors as HTTP answers: one place where each kind of failure becomes a status code and a sentence."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse, Response

from calls.ports.agent_store import AgentInUseError, NumberTakenError
from calls.ports.pages import BadPageTokenError, StoreUnavailableError
from gateway.ports import EngineUnavailableError
from workflows.placing import (
    CallIdTakenError,
    DestinationRefusedError,
    NumberNotBoundError,
    PlacingUnavailableError,
    PlacingUndecidedError,
    UnknownAgentError,
)

log = logging.getLogger(__name__)

RETRY_AFTER = {"Retry-After": "2"}
"""Seconds after which an unavailable engine or store is worth another try."""
_VALUE_ERROR = "Value error, "
_UNKNOWN_FIELD = "this field is not known"
_OF_YOUR_OWN = f"{_UNKNOWN_FIELD}; anything of your own belongs in metadata"
_DIAL = "/dial-outbound-phone-call"

Answer = Callable[[Request, Any], Awaitable[Response]]


def invalid(*problems: tuple[tuple[str | int, ...], str, str]) -> JSONResponse:
    """422 in the shape that FastAPI gives: each problem is where, what, and its kind."""
    detail = [{"loc": list(loc), "msg": message, "type": kind} for loc, message, kind in problems]
    return JSONResponse({"detail": detail}, 422)


async def _invalid_request(request: Request, error: RequestValidationError) -> Response:
    is_dial = request.url.path.endswith(_DIAL)
    return invalid(*((tuple(one["loc"]), _words_for(one, is_dial=is_dial), str(one["type"])) for one in error.errors()))


def _words_for(problem: Mapping[str, Any], *, is_dial: bool) -> str:
    if problem["type"] != "extra_forbidden":
        return str(problem["msg"]).removeprefix(_VALUE_ERROR)
    is_at_the_top = len(problem["loc"]) == len(("body", "field"))
    return _OF_YOUR_OWN if is_dial and is_at_the_top else _UNKNOWN_FIELD


async def _unknown_agent(_: Request, error: UnknownAgentError) -> Response:
    return JSONResponse({"detail": str(error)}, 404)


async def _number_not_bound(_: Request, error: NumberNotBoundError) -> Response:
    return invalid((("body", "from_number"), str(error), "number_not_bound"))


async def _destination_refused(_: Request, error: DestinationRefusedError) -> Response:
    return JSONResponse({"detail": str(error), "code": error.rule.value}, 403)


async def _call_id_taken(_: Request, error: CallIdTakenError) -> Response:
    return JSONResponse({"detail": str(error), "fields": list(error.fields)}, 409)


async def _conflict(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 409)


async def _bad_page_token(_: Request, error: BadPageTokenError) -> Response:
    return invalid((("query", "page_token"), str(error) or "is not a token that a listing gave", "value_error"))


async def _engine_unavailable(_: Request, error: EngineUnavailableError) -> Response:
    log.warning("the engine is unavailable: %s", error)
    return JSONResponse({"detail": "the call engine is unavailable; try again"}, 503, RETRY_AFTER)


async def _placing_unavailable(_: Request, error: PlacingUnavailableError) -> Response:
    log.warning("a call was not placed: %s", error)
    detail = "the call was not placed and will not be: engine, workers or store did not answer; try again"
    return JSONResponse({"detail": detail}, 503, RETRY_AFTER)


async def _placing_undecided(_: Request, error: PlacingUndecidedError) -> Response:
    log.warning("whether a call was placed is not known: %s", error)
    detail = (
        f"engine, workers or store did not answer: whether call {error.call_id} is placed cannot be told now. "
        f"Ask for it later, or send the same request again with this call_id"
    )
    return JSONResponse({"detail": detail, "call_id": error.call_id}, 504, RETRY_AFTER)


async def _store_unavailable(_: Request, error: StoreUnavailableError) -> Response:
    log.warning("the store is unavailable: %s", error)
    return JSONResponse({"detail": "the store is unavailable; try again"}, 503, RETRY_AFTER)


async def _unforeseen(_: Request, __: Exception) -> Response:
    return JSONResponse({"detail": "something of ours went wrong; it is in the log"}, 500)


_ANSWERS: dict[type[Exception], Answer] = {
    RequestValidationError: _invalid_request,
    UnknownAgentError: _unknown_agent,
    NumberNotBoundError: _number_not_bound,
    DestinationRefusedError: _destination_refused,
    CallIdTakenError: _call_id_taken,
    AgentInUseError: _conflict,
    NumberTakenError: _conflict,
    BadPageTokenError: _bad_page_token,
    PlacingUnavailableError: _placing_unavailable,
    PlacingUndecidedError: _placing_undecided,
    EngineUnavailableError: _engine_unavailable,
    StoreUnavailableError: _store_unavailable,
    Exception: _unforeseen,
}


def answer_faults(app: FastAPI) -> None:
    """Have every known failure answered as this page says."""
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)
