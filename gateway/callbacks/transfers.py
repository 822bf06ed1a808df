"""Transfers as the carrier carries them out: whom to ring, how that goes, and what comes after."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from adapters.twilio import callbacks as said
from adapters.twilio import twiml, urls
from calls.facts import TransferEnded, TransferFact
from gateway.callbacks.instructions import call_that_asks, document
from gateway.callbacks.lost_conversations import LostConversations
from gateway.callbacks.signed_forms import Form, SignedForms
from gateway.parts import GatewayParts
from gateway.ports import EngineUnavailableError
from gateway.relay.session import AFTER, TRANSFER_FAILED
from gateway.telling import Telling

log = logging.getLogger(__name__)


def transfers_router(parts: GatewayParts) -> APIRouter:
    """The routes of transfers."""
    router = APIRouter(include_in_schema=False)
    routes = _Transfers(parts)
    form = Depends(SignedForms(parts.carrier.verifier))

    async def transfer(call_id: str, attempt_id: str, request_id: str, fields: Annotated[Form, form]) -> Response:
        return await routes.transfer(call_id, attempt_id, request_id, fields)

    async def leg(call_id: str, request_id: str, fields: Annotated[Form, form]) -> Response:
        return await routes.leg(call_id, request_id, fields)

    async def ended(call_id: str, attempt_id: str, request_id: str, fields: Annotated[Form, form]) -> Response:
        return await routes.ended(call_id, attempt_id, request_id, fields)

    for path, route in ((urls.TRANSFER, transfer), (urls.TRANSFER_LEG, leg), (urls.TRANSFER_ENDED, ended)):
        # An operator's request id may hold a slash, which the path has percent-encoded.
        router.post(path.replace("{request_id}", "{request_id:path}"))(route)
    return router


class _Transfers:
    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._conversations = LostConversations(parts.calls)
        self._telling = Telling(parts.calls, parts.control, parts.now, parts.told)

    async def transfer(self, call_id: str, attempt_id: str, request_id: str, form: Form) -> Response:
        """Ring the target of the transfer that is under way; whatever else is asked for is none."""
        stored = await call_that_asks(self._parts, call_id, form)
        asked = stored.progress.transfer if stored else None
        if stored is None or asked is None or asked.request_id != request_id or asked.status != "requested":
            log.warning("transfer %s of call %s is not under way", request_id, call_id)
            return document(twiml.hang_up())
        await self._conversations.note_end(call_id, self._parts.now())
        policy = stored.plan.policy
        return document(
            twiml.dial(
                self._parts.carrier.urls,
                call_id,
                attempt_id,
                request_id,
                to_number=asked.to_number,
                caller_id=stored.order.request.from_number,
                ring_seconds=round(policy.transfer_ring_seconds),
                time_limit_seconds=round(policy.transferred_maximum_seconds),
            )
        )

    async def leg(self, call_id: str, request_id: str, form: Form) -> Response:
        """The carrier reports on the call to the target, which is a child of ours."""
        if fact := said.transfer_leg_fact(form, request_id, self._parts.now()):
            await self._telling.tell(call_id, fact, about=form.get("ParentCallSid"))
        return Response(status_code=204)

    async def ended(self, call_id: str, attempt_id: str, request_id: str, form: Form) -> Response:
        """The dialling of the target is over: after a talk hang up, otherwise give the callee back to the agent."""
        now = self._parts.now()
        stored = await call_that_asks(self._parts, call_id, form)
        fact = said.transfer_end_fact(form, request_id, now)
        if stored is None or fact is None:
            return document(twiml.hang_up())
        if bridge := said.missed_bridge_fact(form, request_id, now):
            await self._telling.tell(call_id, bridge)
        if isinstance(fact, TransferEnded) or form.get("CallStatus") != "in-progress":
            await self._telling.tell(call_id, fact)
            return document(twiml.hang_up())
        await self._tell_if_possible(call_id, fact)
        again = twiml.conversation(
            self._parts.carrier.urls,
            call_id,
            attempt_id,
            stored.agent,
            record=False,
            reconnects=self._parts.carrier.reconnects,
            parameters={AFTER: TRANSFER_FAILED},
        )
        return document(again)

    async def _tell_if_possible(self, call_id: str, fact: TransferFact) -> None:
        """The callee is waiting and the target's own leg reports the same: an absent engine is no reason to wait."""
        try:
            await self._telling.tell(call_id, fact)
        except EngineUnavailableError as error:
            log.warning("%s of call %s was not told: %s", fact.kind, call_id, error)
