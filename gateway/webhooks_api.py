"""What became of a call's webhooks, and sending them again, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse

from calls.delivery_object import WebhookList, nothing_to_redeliver, webhook_object
from calls.notices import CallEvent
from gateway.auth import KeyHolder
from gateway.bodies import json_body
from gateway.calls_api import known_call
from gateway.openapi import NOT_FOUND, UNAVAILABLE, Responses, body_of
from gateway.parts import GatewayParts


class RedeliverBody(BaseModel):
    """Which webhooks to send again; all of the call when no event is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: CallEvent | None = None


class Redelivering(BaseModel):
    """How many webhooks are being sent."""

    redelivering: int


_LISTED: Responses = {200: {"model": WebhookList, "description": "The call's webhooks"}}
_TAKEN: Responses = {
    202: {"model": Redelivering, "description": "They are being sent, with the same bodies and trace ids"},
    409: {"description": "There is nothing to send again"},
}


def webhooks_router(parts: GatewayParts) -> APIRouter:
    """The routes below /v1/calls/{call_id}/webhooks."""
    router = APIRouter(prefix="/v1/calls", tags=["webhooks"], dependencies=[Depends(KeyHolder(parts.keys))])

    async def listed(call_id: str) -> JSONResponse:
        """The webhooks of a call, and every attempt to deliver them."""
        stored = await known_call(parts, call_id)
        kept = await parts.deliveries.of_call(stored.order.call_id)
        return JSONResponse({"webhooks": [webhook_object(one) for one in kept]})

    async def redeliver(
        call_id: str, body: Annotated[RedeliverBody, Depends(json_body(RedeliverBody, may_be_absent=True))]
    ) -> JSONResponse:
        """Send webhooks of a call again, delivered or given up, to the address that the agent has now."""
        own_id = (await known_call(parts, call_id)).order.call_id
        count = await parts.deliveries.put_again(own_id, body.event)
        if not count:
            raise HTTPException(409, nothing_to_redeliver(own_id, body.event))
        await parts.control.deliver_webhooks(own_id)
        return JSONResponse({"redelivering": count}, 202)

    router.get("/{call_id}/webhooks", responses=_LISTED | NOT_FOUND)(listed)
    asked: dict[str, Any] = {"status_code": 202, "responses": _TAKEN | NOT_FOUND | UNAVAILABLE}
    router.post("/{call_id}/webhooks/redeliver", openapi_extra=body_of(RedeliverBody, required=False), **asked)(
        redeliver
    )
    return router
