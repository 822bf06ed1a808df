"""Calls that come in: one address for all numbers of the account.

The carrier waits 15 s for instructions, and the caller hears it ring meanwhile. In that time the number's owner is
asked (3 x 3 s at most) and the call is registered (3 s at most); whatever fails, the caller hears a sentence and no
dead line, and the call is recorded as soon as that can be done. The same question again gets the same answer: the
call's id is made of the carrier's own.
"""

import asyncio
import hashlib
import json
import logging
import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from adapters.twilio import callbacks as said
from adapters.twilio import twiml, urls
from adapters.twilio.callbacks import Incoming
from calls.agents import PhoneNumber
from calls.arriving import fault_of_ours, request_of_arrival
from calls.model import INBOUND_ATTEMPT, Arrival, CallOrder, CallRequest, TurnedAway
from calls.ports.pages import StoreUnavailableError
from calls.ports.webhooks import WebhookFailedError
from calls.reasons import REASONS, FinishReason
from calls.records import StoredCall
from calls.words import Direction, Party
from gateway.callbacks.inbound_webhook import InboundAnswer, InboundWebhook
from gateway.callbacks.instructions import connected, document
from gateway.callbacks.signed_forms import Form, SignedForms
from gateway.parts import GatewayParts
from workflows.placing import PlacingError

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 13.0
"""After this long the caller is told that nobody can take the call; two seconds less than the carrier waits."""


def inbound_router(parts: GatewayParts) -> APIRouter:
    """The route of calls that come in."""
    router = APIRouter(include_in_schema=False)
    routes = _Inbound(parts)
    form = Depends(SignedForms(parts.carrier.verifier))

    async def inbound(fields: Annotated[Form, form]) -> Response:
        return await routes.inbound(fields)

    router.post(urls.INBOUND)(inbound)
    return router


def inbound_call_id(carrier_call_id: str) -> str:
    """The id of the call that this carrier call brought in: the same however often we are asked about it."""
    return f"in-{carrier_call_id}"


class _Inbound:
    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._webhook = InboundWebhook(parts.inbound)

    async def inbound(self, form: Form) -> Response:
        """Somebody calls one of our numbers."""
        incoming, at = said.incoming(form), self._parts.now()
        order: CallOrder | None = None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                stored = await self._parts.calls.find(inbound_call_id(incoming.carrier_call_id))
                if stored is None:
                    number = await self._answered_number(incoming)
                    if number is None:
                        return self._sorry()
                    order = order_of_arrival(incoming, await self._ask(incoming, number, at), at)
                    stored = (await self._parts.control.place(order)).stored
                return await self._instructions(stored, incoming)
        except (PlacingError, StoreUnavailableError, TimeoutError) as error:
            why = str(error) or "too slow"
        return await self._turn_away(order or order_of_arrival(incoming, InboundAnswer(), at), why)

    async def _answered_number(self, incoming: Incoming) -> PhoneNumber | None:
        """The number that is called; None when nobody answers it."""
        number = await self._parts.agents.number(incoming.to_number)
        if number is not None and (number.inbound_ai_agent_id or number.inbound_webhook_url):
            return number
        log.warning(
            "carrier call %s is for %s, which has neither an inbound agent nor an inbound webhook: "
            "bind one with starter.py numbers, or release the number",
            *(incoming.carrier_call_id, incoming.to_number),
        )
        return None

    async def _turn_away(self, order: CallOrder, why: str) -> Response:
        """Answer a call that could not be registered in time; its record follows.

        That it does is durable before the caller hears anything. Raises EngineUnavailableError, which has the carrier
        ask again: without an engine nothing can be promised.
        """
        log.warning("call %s could not be taken: %s", order.call_id, why)
        known = order.arrival.turned_away if order.arrival else None
        turned_away = known or fault_of_ours(why)
        await self._parts.control.turn_away(order, turned_away)
        return self._refusal(turned_away.reason)

    async def _ask(self, incoming: Incoming, number: PhoneNumber, at: datetime) -> InboundAnswer | TurnedAway:
        """What the number's owner says; when they cannot be asked, their default agent takes the call, if any."""
        if number.inbound_webhook_url is None:
            return InboundAnswer()
        question = {
            "call_id": inbound_call_id(incoming.carrier_call_id),
            "from_number": incoming.from_number,
            "to_number": incoming.to_number,
            "agent_id": number.inbound_ai_agent_id,
        }
        try:
            answer = await self._webhook.ask(number.inbound_webhook_url, question, at)
            if answer.reject:
                return TurnedAway(
                    reason=FinishReason.CALL_FAILED, by=Party.CUSTOMER, evidence={"detail": "rejected_by_webhook"}
                )
            await self._check_agent(answer, number)
        except WebhookFailedError as error:
            return InboundAnswer() if number.inbound_ai_agent_id else _webhook_error(str(error))
        return answer

    async def _check_agent(self, answer: InboundAnswer, number: PhoneNumber) -> None:
        """Raise WebhookFailedError unless the answer leads to an agent."""
        named = answer.override_ai_agent_id
        if named is None and number.inbound_ai_agent_id is None:
            raise WebhookFailedError("the answer names no agent, and the number has none")
        if named is not None and await self._parts.agents.agent(named) is None:
            log.warning("the inbound webhook of %s names an agent that does not exist", number.id)
            raise WebhookFailedError("the answer names an agent that does not exist")

    async def _instructions(self, stored: StoredCall, incoming: Incoming) -> Response:
        """What the call's own record says that is to be done, so that asking again changes nothing."""
        turned_away = stored.plan.turned_away
        if turned_away is None:
            return await connected(self._parts, stored.order.call_id, INBOUND_ATTEMPT, incoming.carrier_call_id)
        return self._refusal(turned_away)

    def _refusal(self, reason: FinishReason) -> Response:
        """Only the number's owner can have a call rejected; everybody else hears a sentence."""
        return document(twiml.reject()) if reason is FinishReason.CALL_FAILED else self._sorry()

    def _sorry(self) -> Response:
        side = self._parts.inbound
        return document(twiml.voicemail(side.message, side.message_language))


def _webhook_error(why: str) -> TurnedAway:
    reason = FinishReason.INBOUND_WEBHOOK_ERROR
    evidence = {"detail": "inbound_webhook_failed", "webhook_error": why[:200]}
    return TurnedAway(reason=reason, by=REASONS[reason].by, evidence=evidence)


def order_of_arrival(incoming: Incoming, answer: InboundAnswer | TurnedAway, at: datetime) -> CallOrder:
    """The order of a call that came in. Its digest leaves the owner's answer out, which may differ when asked again."""
    parties = {"from_number": incoming.from_number, "to_number": incoming.to_number}
    known_by = json.dumps({**parties, "carrier_call_id": incoming.carrier_call_id}, sort_keys=True)
    turned_away = answer if isinstance(answer, TurnedAway) else None
    handed = {} if isinstance(answer, TurnedAway) else answer.model_dump(exclude={"reject"})
    return CallOrder(
        id=f"{int(at.timestamp()):08x}{secrets.token_hex(8)}",
        call_id=inbound_call_id(incoming.carrier_call_id),
        request_id=request_of_arrival(incoming.carrier_call_id),
        request_sha256=hashlib.sha256(known_by.encode()).hexdigest(),
        request=CallRequest(**parties, direction=Direction.INBOUND, **handed),
        arrival=Arrival(carrier_call_id=incoming.carrier_call_id, at=at, turned_away=turned_away, always_recorded=True),
    )
