"""What relay sessions read and keep, over the store of calls."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from calls.ports.call_store import CallStore, Pulse
from calls.records import Message, StoredCall
from conversation.plan import ConversationPlan
from gateway.parts import Clock
from gateway.relay.ports import SessionPlan


class SessionRecords:
    """A SessionStore. Raises StoreUnavailableError."""

    def __init__(self, calls: CallStore, now: Clock) -> None:
        self._calls = calls
        self._now = now

    async def load(self, call_id: str, attempt_id: str) -> SessionPlan | None:
        """The plan of a call that may be talked on: claimed by this attempt's carrier call, and not over."""
        # At once, not one after the other: a callee is waiting for the first word.
        stored, messages = await asyncio.gather(self._calls.find(call_id), self._calls.messages(call_id))
        if stored is None or stored.claimed_by is None:
            return None
        known = stored.progress
        if known.end_time is not None or known.over or known.attempt_id not in (None, attempt_id):
            return None
        policy = stored.plan.policy
        limit = timedelta(seconds=policy.maximum_duration_seconds - policy.wrap_up_notice_seconds)
        return SessionPlan(
            conversation=_conversation(stored),
            agent_url=stored.agent.llm_websocket_url,
            carrier_call_id=stored.claimed_by,
            messages=tuple(messages),
            wrap_up_at=(known.answer_time or self._now()) + limit,
            wrap_up_seconds=round(policy.wrap_up_notice_seconds),
        )

    async def append_message(self, call_id: str, message: Message) -> None:
        """Store an utterance."""
        await self._calls.append_message(call_id, message)

    async def settle(self, call_id: str, relay_session_id: str) -> None:
        """Note that a session has stored all it had to store."""
        await self._calls.settle(call_id, relay_session_id)

    async def pulse(self, alive: Mapping[str, str], at: datetime) -> None:
        """Leave signs of life."""
        await self._calls.touch({call_id: Pulse(session_id, at) for call_id, session_id in alive.items()})


def _conversation(stored: StoredCall) -> ConversationPlan:
    request, agent, plan = stored.order.request, stored.agent, stored.plan
    allowed = plan.transfer_allow_list
    return ConversationPlan(
        call_id=stored.order.call_id,
        from_number=request.from_number,
        to_number=request.to_number,
        agent_id=stored.agent_id,
        direction=request.direction,
        metadata=request.metadata,
        dynamic_variables=request.pia_llm_dynamic_data,
        welcome_message=agent.welcome_message,
        language=agent.language,
        other_languages=tuple(other.language for other in agent.other_languages),
        silence_seconds=plan.policy.silence_seconds,
        no_input_seconds=plan.policy.no_input_seconds,
        transfer_allowed=None if allowed is None else frozenset(allowed),
    )
