"""What the carrier asks us: what to do with an answered call, and what after its conversation broke off.

These answers need neither engine nor worker as long as the call goes on: the claim in the store decides who may
speak, and the record says what was planned.
"""

import asyncio
import logging
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from adapters.twilio import callbacks as said
from adapters.twilio import twiml, urls
from adapters.twilio.callbacks import RelayEnd
from adapters.twilio.dispositions import relay_failure
from adapters.twilio.urls import CallbackUrls
from calls.facts import CallCompleted, ConversationEnded
from calls.ports.call_store import Claim
from calls.reasons import REASONS, FinishReason
from calls.records import StoredCall
from calls.words import Direction
from conversation.leaving import HANDOFF_HAND_OVER
from gateway.callbacks.lost_conversations import LostConversations
from gateway.callbacks.signed_forms import Form, SignedForms
from gateway.parts import GatewayParts
from gateway.telling import Telling

log = logging.getLogger(__name__)

RESUMES = 5
"""How often one call's conversation is taken up again before it counts as lost."""
RESUMABLE = (None, 64105, 64107)
"""What a relay that had been up may fail with and be worth another one: its socket broke."""
CONNECT_FAILURES = (39001, 64102)
"""The carrier could not reach our relay socket: its gateway is gone or stops, and the next may still be coming up."""
ELSEWHERE_AFTER_SECONDS = 1
"""How long a callee waits whom a stopping gateway sends to another: a balancer's health check notices meanwhile."""
MESSAGE_AFTER_SECONDS = 20
"""How long a machine waits for the order to speak the message to it; then it is spoken without one."""


async def call_that_asks(parts: GatewayParts, call_id: str, form: Form) -> StoredCall | None:
    """The call, if the carrier call that asks is the one that speaks for it."""
    carrier_call_id = said.carrier_call_id(form)
    stored = await parts.calls.find(call_id)
    if stored is not None and stored.claimed_by == carrier_call_id:
        return stored
    log.warning("carrier call %s asks about call %s, which is not its own", carrier_call_id, call_id)
    await parts.calls.note_late(call_id, "foreign_question", dict(form), parts.now())
    return None


def document(text: str) -> Response:
    """A document of instructions."""
    return Response(text, media_type=twiml.CONTENT_TYPE)


async def connected(parts: GatewayParts, call_id: str, attempt_id: str, carrier_call_id: str) -> Response:
    """The conversation, if this carrier call may speak for the call; a hangup otherwise."""
    # At once, not one after the other: a callee is waiting for the first word.
    claim, stored = await asyncio.gather(
        parts.calls.claim(call_id, attempt_id, carrier_call_id), parts.calls.find(call_id)
    )
    if claim is not Claim.GRANTED or stored is None:
        log.warning("carrier call %s may not speak for call %s: %s", carrier_call_id, call_id, claim)
        told = {"carrier_call_id": carrier_call_id, "attempt_id": attempt_id, "claim": claim.value}
        await parts.calls.note_late(call_id, "claim_refused", told, parts.now())
        return document(twiml.hang_up())
    if parts.is_leaving():
        return document(
            twiml.ask_again(parts.carrier.urls.voice(call_id, attempt_id), after_seconds=ELSEWHERE_AFTER_SECONDS)
        )
    if parts.head_start is not None:
        parts.head_start.begin(stored.agent.llm_websocket_url, call_id)
    return document(
        twiml.conversation(
            parts.carrier.urls,
            call_id,
            attempt_id,
            stored.agent,
            record=stored.plan.record,
            reconnects=parts.carrier.reconnects,
        )
    )


class ResumedUrls(CallbackUrls):
    """The addresses of a conversation that was taken up again; the carrier itself carries the count, signed.

    A hand-over is no failure, and the count begins anew after it.
    """

    def __init__(self, public_base_url: str, resumes: int) -> None:
        super().__init__(public_base_url)
        self._resumes = resumes

    def relay_ended(self, call_id: str, attempt_id: str) -> str:
        """As ever, with the number of resumes as a query."""
        return self._counted(super().relay_ended(call_id, attempt_id))

    def resume(self, call_id: str, attempt_id: str) -> str:
        """The same."""
        return self._counted(super().resume(call_id, attempt_id))

    def _counted(self, url: str) -> str:
        address, mark, overrides = url.partition("#")
        return f"{address}?resumes={self._resumes}{mark}{overrides}"


def instructions_router(parts: GatewayParts) -> APIRouter:
    """The routes by which the carrier asks for instructions."""
    router = APIRouter(include_in_schema=False)
    routes = _Instructions(parts)
    form = Depends(SignedForms(parts.carrier.verifier))

    async def voice(call_id: str, attempt_id: str, fields: Annotated[Form, form]) -> Response:
        return await routes.voice(call_id, attempt_id, fields)

    async def relay_ended(call_id: str, attempt_id: str, fields: Annotated[Form, form], resumes: int = 0) -> Response:
        return await routes.relay_ended(call_id, attempt_id, fields, resumes)

    async def resume(call_id: str, attempt_id: str, fields: Annotated[Form, form], resumes: int = 0) -> Response:
        return await routes.resume(call_id, attempt_id, fields, resumes)

    async def voicemail(call_id: str, fields: Annotated[Form, form]) -> Response:
        return await routes.voicemail(call_id, fields)

    router.post(urls.VOICE)(voice)
    router.post(urls.RELAY_ENDED)(relay_ended)
    router.post(urls.RESUME)(resume)
    router.post(urls.VOICEMAIL)(voicemail)
    return router


class _Instructions:
    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._conversations = LostConversations(parts.calls)
        self._telling = Telling(parts.calls, parts.control, parts.now, parts.told)

    async def voice(self, call_id: str, attempt_id: str, form: Form) -> Response:
        """The callee answered: connect them, if this carrier call may speak for the call."""
        return await connected(self._parts, call_id, attempt_id, said.carrier_call_id(form))

    async def relay_ended(self, call_id: str, attempt_id: str, form: Form, resumes: int) -> Response:
        """A relay session is over: go on, or hang up, or leave the call to whatever else moves it."""
        end = said.relay_end(form)
        stored = await call_that_asks(self._parts, call_id, form)
        is_live = end.call_status == "in-progress" and end.session_status != "completed"
        if is_live and stored is not None and stored.progress.end_time is None:
            if end.session_status == "ended" and end.handoff == HANDOFF_HAND_OVER:
                return self._connect_again(stored, attempt_id, 0)  # it talked: what failed before is made up for
            if end.session_status == "failed" and _may_resume(end, resumes):
                found_nobody = end.error_code in CONNECT_FAILURES and resumes > 0
                return self._connect_again(stored, attempt_id, resumes + 1, later=found_nobody)
            if end.session_status == "failed":
                await self._give_up(call_id, attempt_id, end, resumes)
        if stored is not None:
            await self._conversations.note_end(call_id, self._parts.now())
        if is_live:
            broke_off = end.session_status == "failed" or end.handoff == HANDOFF_HAND_OVER
            return self._over(stored, attempt_id) if broke_off else document(twiml.hang_up())
        # The call is over, or a transfer or a message took the callee out of the conversation.
        await self._tell_end_of_inbound(stored, attempt_id, form)
        return document(twiml.empty())

    async def resume(self, call_id: str, attempt_id: str, form: Form, resumes: int) -> Response:
        """A call that a stopping gateway sent away asks for its conversation once more."""
        stored = await call_that_asks(self._parts, call_id, form)
        if stored is None or stored.progress.end_time is not None:
            return self._over(stored, attempt_id)
        return self._connect_again(stored, attempt_id, resumes)

    def _over(self, stored: StoredCall | None, attempt_id: str) -> Response:
        """No conversation any more: hang up, unless the agent's message has yet to be spoken to a machine."""
        if stored is None or not _awaits_message(stored):
            return document(twiml.hang_up())
        url = self._parts.carrier.urls.voicemail(stored.order.call_id, attempt_id)
        return document(twiml.ask_again(url, after_seconds=MESSAGE_AFTER_SECONDS))

    def _connect_again(self, stored: StoredCall, attempt_id: str, resumes: int, *, later: bool = False) -> Response:
        """The conversation goes on over a fresh relay; a process that stops itself has it asked for elsewhere.

        `later`: nobody took the last relay, so the next attempt waits. Whatever stands before the gateways may still
        send relays to one that is stopping, which refuses them at once.
        """
        call_id = stored.order.call_id
        addresses = ResumedUrls(self._parts.carrier.public_base_url, resumes)
        if later or self._parts.is_leaving():
            return document(
                twiml.ask_again(addresses.resume(call_id, attempt_id), after_seconds=ELSEWHERE_AFTER_SECONDS)
            )
        log.info("the conversation of call %s is taken up again (%d)", call_id, resumes)
        reconnects = self._parts.carrier.reconnects
        return document(
            twiml.conversation(addresses, call_id, attempt_id, stored.agent, record=False, reconnects=reconnects)
        )

    async def _tell_end_of_inbound(self, stored: StoredCall | None, attempt_id: str, form: Form) -> None:
        """Whoever calls in may hang up before the carrier was told where to report that: then this tells it."""
        if stored is None or stored.order.request.direction is not Direction.INBOUND:
            return
        fact = said.status_fact(form, attempt_id, self._parts.now())
        if isinstance(fact, CallCompleted):
            await self._telling.tell(stored.order.call_id, fact)

    async def voicemail(self, call_id: str, form: Form) -> Response:
        """Speak the agent's message for machines, then hang up."""
        stored = await call_that_asks(self._parts, call_id, form)
        if stored is not None:
            await self._conversations.note_end(call_id, self._parts.now())
        message = stored.agent.voicemail.message if stored else None
        if stored is None or not message:
            return document(twiml.hang_up())
        agent = stored.agent
        return document(twiml.voicemail(message, agent.message_language, agent.voice, agent.tts_provider))

    async def _give_up(self, call_id: str, attempt_id: str, end: RelayEnd, resumes: int) -> None:
        """Say why before the hangup, so that it cannot be taken for the callee's."""
        reason, detail = relay_failure(end.error_code)
        evidence = {
            "detail": detail,
            "relay_error_code": end.error_code,
            "relay_error": end.error_message or None,
            "relay_session_id": end.session_id,
            "relay_session_status": end.session_status,
            "resumes": resumes,
        }
        fact = ConversationEnded(
            at=self._parts.now(), attempt_id=attempt_id, reason=reason, by=REASONS[reason].by, evidence=evidence
        )
        await self._telling.tell(call_id, fact)


def _awaits_message(stored: StoredCall) -> bool:
    """The decision to leave a message is on record; it is spoken in place of whatever the call is told here."""
    known = stored.progress
    return (
        known.finish_reason is FinishReason.VOICEMAIL_DETECTED
        and not known.over
        and bool(stored.agent.voicemail.message)
    )


def _may_resume(end: RelayEnd, resumes: int) -> bool:
    return resumes < RESUMES and end.error_code in (*RESUMABLE, *CONNECT_FAILURES)
