"""Recordings over HTTP: whole or by ranges (RFC 9110 §14), for key holders and for holders of the call's token."""

import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response, StreamingResponse

from calls.records import StoredCall
from gateway.auth import bearer, refuse_stranger
from gateway.openapi import Responses
from gateway.parts import GatewayParts

MEDIA_TYPE = "audio/wav"
_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)

_RESPONSES: Responses = {
    200: {"content": {MEDIA_TYPE: {}}, "description": "The whole recording"},
    206: {"content": {MEDIA_TYPE: {}}, "description": "A part of it"},
    404: {"description": "No such call, or no recording (yet)"},
    416: {"description": "The range lies outside the recording"},
}

Token = Annotated[str | None, Query(description="The call's access_token, in place of an API key.")]


async def permitted_call(parts: GatewayParts, request: Request, call_id: str, token: str | None) -> StoredCall:
    """The call, for whoever has a key or this call's token; 401 otherwise, whether it exists or not."""
    key = bearer(request)
    if key is not None and parts.keys.accept(key):
        stored = await parts.calls.find(call_id)
        if stored is None:
            raise HTTPException(404, f"there is no call {call_id}")
        return stored
    if key is not None or token is None:
        refuse_stranger("a valid API key, or the call's access_token, is needed")
    stored = await parts.calls.find(call_id)
    if stored is None or not parts.tokens.opens(token, stored.order.id, parts.now()):
        refuse_stranger("the access token is not one of this call, or it has expired")
    return stored


def recordings_router(parts: GatewayParts) -> APIRouter:
    """`GET` and `HEAD` of /v1/calls/{call_id}/recording."""
    router = APIRouter(prefix="/v1/calls", tags=["calls"])

    async def recording(request: Request, call_id: str, access_token: Token = None) -> Response:
        """The call's recording as WAV. Range requests are answered."""
        stored = await permitted_call(parts, request, call_id, access_token)
        entry = stored.progress.recording
        size = None if entry.archive_id is None else await parts.archive.size(entry.archive_id)
        if entry.archive_id is None or size is None:
            raise HTTPException(404, f"this call has no recording (yet): {entry.status}")
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Disposition": f'inline; filename="{stored.order.call_id}.wav"',
            "Cache-Control": "private",
        }
        if entry.sha256:
            headers["ETag"] = f'"{entry.sha256}"'
        return _answer(parts, request, entry.archive_id, size, headers)

    router.get("/{call_id}/recording", response_class=Response, responses=_RESPONSES)(recording)
    router.head("/{call_id}/recording", include_in_schema=False)(recording)
    return router


def _answer(parts: GatewayParts, request: Request, archive_id: str, size: int, headers: dict[str, str]) -> Response:
    wanted = _wanted(request, size, headers.get("ETag"))
    if wanted is None:
        start, end, status = 0, size, 200
    else:
        (start, end), status = wanted, 206
        if start >= end:
            raise HTTPException(416, "the range lies outside the recording", {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=MEDIA_TYPE)
    audio = parts.archive.read(archive_id, start=start, end=end)
    return StreamingResponse(audio, status, headers, MEDIA_TYPE)


def _wanted(request: Request, size: int, etag: str | None) -> tuple[int, int] | None:
    """Start and end (exclusive) of the one range asked for; None for the whole. An empty range cannot be served."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    condition = request.headers.get("if-range")
    if asked is None or (condition is not None and condition != etag):
        return None  # also several ranges, other units and nonsense: RFC 9110 lets a server ignore them
    first, last = asked.groups()
    if not first and not last:
        return None
    if not first:
        return max(0, size - int(last)), size
    end = min(size, int(last) + 1) if last else size
    return int(first), end
