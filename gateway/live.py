"""A call as it happens: server-sent events of its status and messages (the WHATWG HTML standard, section 9.2)."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response, StreamingResponse

from calls.call_object import message_object
from calls.records import StoredCall
from gateway.faults import RETRY_AFTER
from gateway.openapi import Responses
from gateway.parts import GatewayParts
from gateway.recordings_api import Token, permitted_call

POLL_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0
"""Proxies close what stays silent for longer."""
LINGER_SECONDS = 60.0
"""How long a view of a call that is over waits for what follows it (recording, last messages)."""
_NOT_SHOWN = {"status", "finish_reason", "revision", "carrier_call_id", "attempt_id", "may_ring_late"}
_COMPLETE = "complete"
VIEWS_LIMIT = 200
"""Live views that one process holds at once; each polls the store."""
VIEWS_OF_A_CALL = 20
"""How many of them may be of one call: its access token must not keep all others from looking."""


def live_router(parts: GatewayParts) -> APIRouter:
    """`GET /v1/calls/{call_id}/events`."""
    router = APIRouter(prefix="/v1/calls", tags=["calls"])
    views = LiveViews(parts)

    async def events(request: Request, call_id: str, access_token: Token = None) -> Response:
        """The call's status and messages as they happen, as server-sent events `status` and `message`.

        A message's event id is its sequence number; `Last-Event-ID` resumes after it. Whoever has seen the last status
        of a complete call and connects again is answered with 204, which lets an EventSource rest.
        """
        stored = await permitted_call(parts, request, call_id, access_token)
        if views.are_too_many_for(stored.order.call_id):
            full = "too many live views are open: ask for the call itself now and then, or run more gateways"
            raise HTTPException(503, full, RETRY_AFTER)
        seen, _, rest = request.headers.get("last-event-id", "").partition(".")
        if rest == _COMPLETE and stored.progress.complete:
            return Response(status_code=204)
        after = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < len("1000000") else -1
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(views.view(stored, after), headers=headers, media_type="text/event-stream")

    shown: Responses = {
        200: {"content": {"text/event-stream": {}}, "description": "Events until the call is complete"},
        204: {"description": "The call is complete, and all of it was seen"},
    }
    router.get("/{call_id}/events", response_class=StreamingResponse, responses=shown)(events)
    return router


class LiveViews:
    """The live views that one process has open."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self.open_of: Counter[str] = Counter()
        """How many of them show a call, by call id."""

    @property
    def open(self) -> int:
        """How many there are."""
        return self.open_of.total()

    def are_too_many_for(self, call_id: str) -> bool:
        """Whether no other view of this call may be opened now."""
        return self.open >= VIEWS_LIMIT or self.open_of[call_id] >= VIEWS_OF_A_CALL

    async def view(self, stored: StoredCall, after: int) -> AsyncIterator[str]:
        """Every change of one call, from what is known now until nothing more can come."""
        self.open_of[stored.order.call_id] += 1
        try:
            async for event in self._changes(stored, after):
                yield event
        finally:
            self.open_of[stored.order.call_id] -= 1
            self.open_of += Counter()  # forgets the calls that nobody watches any more

    async def _changes(self, stored: StoredCall, after: int) -> AsyncIterator[str]:
        clock = asyncio.get_running_loop().time
        revision, said_at, over_at = -1, clock(), None
        current: StoredCall | None = stored
        while current is not None:
            for message in await self._parts.calls.messages(current.order.call_id):
                if message.seq > after:
                    after, said_at = message.seq, clock()
                    yield _event("message", message_object(message).model_dump(mode="json"), message.seq)
            if current.progress.revision > revision:
                revision, said_at = current.progress.revision, clock()
                yield _event("status", _status(current), f"{after}.{_COMPLETE}" if current.progress.complete else None)
            if current.progress.complete:
                return
            over_at = over_at or (clock() if current.progress.over else None)
            if over_at is not None and clock() > over_at + LINGER_SECONDS:
                return
            if clock() > said_at + KEEP_ALIVE_SECONDS:
                said_at = clock()
                yield ": still here\n\n"
            await asyncio.sleep(POLL_SECONDS)
            current = await self._parts.calls.find(stored.order.call_id)


def _event(name: str, body: dict[str, Any], number: int | str | None = None) -> str:
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(body, separators=(',', ':'))}\n\n"


def _status(stored: StoredCall) -> dict[str, Any]:
    known = stored.progress
    shown = known.model_dump(mode="json", exclude=_NOT_SHOWN)
    return {
        "call_id": stored.order.call_id,
        "call_status": known.status.value,
        "call_finish_reason": known.finish_reason.value if known.finish_reason else None,
        **shown,
    }
