"""The do-not-call list over HTTP: /v1/do-not-call. A number is named by its E.164 form."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from calls.ports.do_not_call import DoNotCall, ListedNumber
from gateway.auth import KeyHolder
from gateway.bodies import json_body, refuse
from gateway.listing import PagesQuery
from gateway.numbers_api import written
from gateway.openapi import NOT_FOUND, Responses, body_of
from gateway.parts import GatewayParts


class DoNotCallPage(BaseModel):
    """A page of the do-not-call list."""

    do_not_call: list[ListedNumber]
    next_page_token: str | None
    total_count: int


_LISTED: Responses = {200: {"model": ListedNumber, "description": "The number is on the list"}}
_ADDED: Responses = {
    200: {"model": ListedNumber, "description": "It was on the list already; that entry stands"},
    201: {"model": ListedNumber, "description": "It is on the list from now on"},
}
_PAGE: Responses = {200: {"model": DoNotCallPage, "description": "A page of the list"}}


def do_not_call_router(parts: GatewayParts) -> APIRouter:
    """The routes below /v1/do-not-call."""
    router = APIRouter(prefix="/v1/do-not-call", tags=["do-not-call"], dependencies=[Depends(KeyHolder(parts.keys))])
    routes = _DoNotCall(parts)
    adding: dict[str, Any] = {"status_code": 201, "responses": _ADDED, "openapi_extra": body_of(DoNotCall)}
    for path, is_shown in (("", True), ("/", False)):
        router.get(path, responses=_PAGE, include_in_schema=is_shown)(routes.page)
        router.post(path, include_in_schema=is_shown, **adding)(routes.add)
    router.get("/{number}", responses=_LISTED | NOT_FOUND)(routes.one)
    router.delete("/{number}", status_code=204, response_class=Response, responses=NOT_FOUND)(routes.remove)
    return router


class _DoNotCall:
    def __init__(self, parts: GatewayParts) -> None:
        self._list = parts.do_not_call
        self._numbering = parts.numbering
        self._now = parts.now

    async def page(self, query: PagesQuery) -> JSONResponse:
        """A page of the do-not-call list, in the order in which it grew."""
        page = await self._list.page(page_size=query.page_size, page_token=query.page_token or None)
        numbers = [listed.model_dump(mode="json") for listed in page.items]
        return JSONResponse(
            {"do_not_call": numbers, "next_page_token": page.next_page_token, "total_count": page.total}
        )

    async def add(self, body: Annotated[DoNotCall, Depends(json_body(DoNotCall))]) -> JSONResponse:
        """Never ring this number again. Calls that are up go on; those that are not dialled yet never will be."""
        if spelling := self._numbering.facts(body.phone_number).written:
            refuse(["body", "phone_number"], f"is not how that number is written: use {spelling}")
        added = await self._list.add(body, self._now())
        return JSONResponse(added.listed.model_dump(mode="json"), 201 if added.is_new else 200)

    async def one(self, number: str) -> JSONResponse:
        """Whether a number is on the list, and since when."""
        listed = await self._list.find(written(number))
        if listed is None:
            raise _not_listed(number)
        return JSONResponse(listed.model_dump(mode="json"))

    async def remove(self, number: str) -> Response:
        """Take a number off the list."""
        if not await self._list.remove(written(number)):
            raise _not_listed(number)
        return Response(status_code=204)


def _not_listed(number: str) -> HTTPException:
    return HTTPException(404, f"{written(number)} is not on the do-not-call list")
