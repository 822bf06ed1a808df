"""Calls over HTTP: dial one, look at them, end one, transfer one."""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from calls.agents import E164
from calls.records import StoredCall
from gateway.auth import KeyHolder
from gateway.bodies import json_body, refuse
from gateway.faults import RETRY_AFTER
from gateway.listing import CallsQuery
from gateway.openapi import ACKNOWLEDGED, CALL, CALLS, DIALLED, NOT_FOUND, UNANSWERED, UNAVAILABLE, UNDECIDED, body_of
from gateway.orders import DialBody, order_of
from gateway.parts import GatewayParts
from gateway.ports import EngineUnavailableError
from workflows.messages import Ack, EndRequest, TransferRequest

log = logging.getLogger(__name__)

RequestId = Annotated[str, Field(min_length=1, max_length=100)]


class EndBody(BaseModel):
    """A request to end a call. Without a `request_id` every request is a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_id: RequestId | None = None
    note: str = Field(default="", max_length=500)


class TransferBody(BaseModel):
    """A request to hand the callee to another number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to_number: E164
    request_id: RequestId | None = None


def calls_router(parts: GatewayParts) -> APIRouter:
    """The routes below /v1/calls that take a JSON body or give call objects."""
    router = APIRouter(prefix="/v1/calls", tags=["calls"], dependencies=[Depends(KeyHolder(parts.keys))])
    routes = _Calls(parts)
    router.post(
        "/dial-outbound-phone-call",
        status_code=201,
        responses=DIALLED | UNAVAILABLE | UNDECIDED,
        openapi_extra=body_of(DialBody),
    )(routes.dial)
    router.get("", responses=CALLS)(routes.page)
    router.get("/", include_in_schema=False)(routes.page)
    router.get("/{call_id}", responses=CALL | NOT_FOUND)(routes.one)
    acknowledged = ACKNOWLEDGED | NOT_FOUND | UNANSWERED
    asked: dict[str, Any] = {"status_code": 202, "responses": acknowledged}
    router.delete("/{call_id}/redial", **asked)(routes.cancel_redial)
    router.post("/{call_id}/end", openapi_extra=body_of(EndBody, required=False), **asked)(routes.end)
    router.post("/{call_id}/transfer", openapi_extra=body_of(TransferBody), **asked)(routes.transfer)
    return router


async def known_call(parts: GatewayParts, call_id: str) -> StoredCall:
    """The call with this `call_id` or `_id`; 404 when there is none."""
    stored = await parts.calls.find(call_id)
    if stored is None:
        raise HTTPException(404, f"there is no call {call_id}")
    return stored


def _answer(ack: Ack) -> JSONResponse:
    said = {"accepted": ack.accepted, "why": ack.why}
    return JSONResponse(said, 202) if ack.accepted else JSONResponse({"detail": ack.why, **said}, 409)


async def _answered(asked: Awaitable[Ack], request_id: str) -> JSONResponse:
    try:
        return _answer(await asked)
    except EngineUnavailableError as error:
        log.warning("whether a call took a request is not known: %s", error)
        detail = (
            "no worker answered in time: whether the call took this request is not known. "
            "Repeat it with this request_id, which never does it twice"
        )
        return JSONResponse({"detail": detail, "request_id": request_id}, 503, RETRY_AFTER)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class _Calls:
    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts

    async def dial(self, body: Annotated[DialBody, Depends(json_body(DialBody))]) -> JSONResponse:
        """Dial a phone call. The same call_id with the same body again answers 200 and dials nothing."""
        placed = await self._parts.control.place(order_of(body, self._parts.now()))
        messages = [] if placed.created else await self._parts.calls.messages(placed.stored.order.call_id)
        call = self._parts.rendering.call(placed.stored, messages, self._parts.now())
        return JSONResponse(call, 201 if placed.created else 200)

    async def one(self, call_id: str) -> JSONResponse:
        """One call, by its call_id or its _id."""
        stored = await known_call(self._parts, call_id)
        messages = await self._parts.calls.messages(stored.order.call_id)
        return JSONResponse(self._parts.rendering.call(stored, messages, self._parts.now()))

    async def page(self, query: CallsQuery) -> Response:
        """A page of calls, newest first unless asked otherwise."""
        page = await self._parts.calls.page(query.as_filter())
        messages = await self._parts.calls.messages_of([stored.order.call_id for stored in page.items])
        now = self._parts.now()
        calls: list[str] = []
        for stored in page.items:
            call = self._parts.rendering.call(stored, messages.get(stored.order.call_id, []), now)
            calls.append(_json(call))
            await asyncio.sleep(0)  # a page has up to a thousand, and others talk meanwhile
        rest = f'"next_page_token":{_json(page.next_page_token)},"total_count":{page.total}'
        return Response(f'{{"calls":[{",".join(calls)}],{rest}}}', media_type="application/json")

    async def end(
        self, call_id: str, body: Annotated[EndBody, Depends(json_body(EndBody, may_be_absent=True))]
    ) -> JSONResponse:
        """End a call, whatever it is doing. Answers 409 with the reason when the call refuses."""
        stored = await known_call(self._parts, call_id)
        request = EndRequest(request_id=body.request_id or secrets.token_hex(8), note=body.note)
        return await _answered(self._parts.control.end(stored.order.call_id, request), request.request_id)

    async def cancel_redial(self, call_id: str) -> JSONResponse:
        """Let no further redial follow this call. One that began already is a call of its own, and ends as such."""
        stored = await known_call(self._parts, call_id)
        return _answer(await self._parts.control.cancel_redials(stored.order))

    async def transfer(
        self, call_id: str, body: Annotated[TransferBody, Depends(json_body(TransferBody))]
    ) -> JSONResponse:
        """Hand the callee to another number. Answers 409 with the reason when the call refuses."""
        stored = await known_call(self._parts, call_id)
        if body.to_number in (stored.order.request.to_number, stored.order.request.from_number):
            refuse(["body", "to_number"], "is one of the call's own two numbers; it cannot be transferred to itself")
        request = TransferRequest(request_id=body.request_id or secrets.token_hex(8), to_number=body.to_number)
        return await _answered(self._parts.control.transfer(stored.order.call_id, request), request.request_id)
