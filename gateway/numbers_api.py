"""Phone numbers over HTTP: /v1/phone-numbers. A number is named by its `_id` or its E.164 form."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from calls.agents import E164, NumberSettings, PhoneNumber
from gateway.addresses import insecurity
from gateway.auth import KeyHolder
from gateway.bodies import json_body, refuse
from gateway.listing import PagesQuery
from gateway.openapi import NOT_FOUND, TAKEN, body_of
from gateway.parts import GatewayParts


class NumberPatch(BaseModel):
    """What to change about a phone number; a null takes a nickname or a binding away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phone_number: E164 = ""
    nickname: str | None = Field(default=None, max_length=200)
    outbound_ai_agent_id: str | None = None
    inbound_ai_agent_id: str | None = None
    inbound_webhook_url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://")


def numbers_router(parts: GatewayParts) -> APIRouter:
    """The routes below /v1/phone-numbers."""
    router = APIRouter(prefix="/v1/phone-numbers", tags=["numbers"], dependencies=[Depends(KeyHolder(parts.keys))])
    routes = _Numbers(parts)
    body = body_of(NumberSettings)
    for path, is_shown in (("", True), ("/", False)):
        router.get(path, include_in_schema=is_shown)(routes.page)
        router.post(path, status_code=201, responses=TAKEN, openapi_extra=body, include_in_schema=is_shown)(routes.add)
    router.get("/{number}", responses=NOT_FOUND)(routes.one)
    router.patch("/{number}", responses=NOT_FOUND | TAKEN, openapi_extra=body_of(NumberPatch))(routes.patch)
    router.delete("/{number}", status_code=204, response_class=Response, responses=NOT_FOUND)(routes.delete)
    return router


def _object(number: PhoneNumber) -> dict[str, Any]:
    return {"_id": number.id, **number.model_dump(mode="json", exclude={"id"})}


class _Numbers:
    def __init__(self, parts: GatewayParts) -> None:
        self._store = parts.agents
        self._allow_insecure_urls = parts.allow_insecure_agent_urls

    async def page(self, query: PagesQuery) -> JSONResponse:
        """A page of phone numbers."""
        page = await self._store.numbers(page_size=query.page_size, page_token=query.page_token or None)
        numbers = [_object(number) for number in page.items]
        return JSONResponse(
            {"phone_numbers": numbers, "next_page_token": page.next_page_token, "total_count": page.total}
        )

    async def add(self, body: Annotated[NumberSettings, Depends(json_body(NumberSettings))]) -> JSONResponse:
        """Add a phone number and bind agents to it."""
        await self._check(body)
        return JSONResponse(_object(await self._store.add_number(body)), 201)

    async def one(self, number: str) -> JSONResponse:
        """One phone number."""
        return JSONResponse(_object(await self._known(number)))

    async def patch(
        self, number: str, body: Annotated[NumberPatch, Depends(json_body(NumberPatch, nulls_count=True))]
    ) -> JSONResponse:
        """Change what the body names; the rest stays."""
        known = await self._known(number)
        changes = body.model_dump(include=body.model_fields_set)
        settings = NumberSettings.model_validate({**known.model_dump(exclude={"id"}), **changes})
        await self._check(settings)
        changed = await self._store.put_number(known.id, settings)
        if changed is None:
            raise HTTPException(404, f"there is no phone number {number}")
        return JSONResponse(_object(changed))

    async def delete(self, number: str) -> Response:
        """Forget a phone number."""
        if not await self._store.delete_number(written(number)):
            raise HTTPException(404, f"there is no phone number {number}")
        return Response(status_code=204)

    async def _known(self, number: str) -> PhoneNumber:
        known = await self._store.number(written(number))
        if known is None:
            raise HTTPException(404, f"there is no phone number {number}")
        return known

    async def _check(self, settings: NumberSettings) -> None:
        url = settings.inbound_webhook_url
        if url and not self._allow_insecure_urls and (fault := insecurity(url, "https")):
            refuse(["body", "inbound_webhook_url"], fault)
        for field in ("outbound_ai_agent_id", "inbound_ai_agent_id"):
            agent_id = getattr(settings, field)
            if agent_id is not None and await self._store.agent(agent_id) is None:
                refuse(["body", field], f"there is no agent {agent_id}", "unknown_agent")


def written(number: str) -> str:
    """A number as it is stored; some clients encode the plus in a path as a space."""
    return "+" + number[1:] if number.startswith(" ") else number
