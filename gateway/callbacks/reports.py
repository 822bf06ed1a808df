"""The carrier's reports: status, machine detection, recording. Each becomes a fact and is answered with 204.

A call that nobody tells any more gets its fact noted instead; only an engine that does not answer is a 503, so that
the carrier repeats the report.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from adapters.twilio import callbacks as said
from adapters.twilio import urls
from calls.facts import CallCompleted, Fact
from gateway.callbacks.lost_conversations import LostConversations
from gateway.callbacks.signed_forms import Form, SignedForms
from gateway.parts import GatewayParts
from gateway.telling import Telling

Reading = Callable[[Form, str, datetime], Fact | None]

REPORTS: dict[str, Reading] = {
    urls.STATUS: said.status_fact,
    urls.MACHINE: said.machine_fact,
    urls.RECORDING: said.recording_fact,
}


def reports_router(parts: GatewayParts) -> APIRouter:
    """The routes of the carrier's reports."""
    router = APIRouter(include_in_schema=False)
    telling = Telling(parts.calls, parts.control, parts.now, parts.told)
    conversations = LostConversations(parts.calls)
    form = Depends(SignedForms(parts.carrier.verifier))

    def serve(path: str, read: Reading) -> None:
        async def report(call_id: str, attempt_id: str, fields: Annotated[Form, form]) -> Response:
            if fact := read(fields, attempt_id, parts.now()):
                if isinstance(fact, CallCompleted):
                    fact = await conversations.look(call_id, fact)
                await telling.tell(call_id, fact, about=said.carrier_call_id(fields))
            return Response(status_code=204)

        router.post(path)(report)

    for path, read in REPORTS.items():
        serve(path, read)
    return router
