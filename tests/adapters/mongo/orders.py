"""Calls to store, made up."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from calls.agents import AgentSettings
from calls.model import CallOrder, CallPlan, CallRequest
from calls.policy import Policy
from calls.records import Message, NewCall
from calls.words import Direction, Role

CALLER, ALICE, BOB = "+14155550100", "+14155550101", "+14155550102"
NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
AGENT = AgentSettings(ai_agent_name="Ann", llm_websocket_url="wss://agent.test/llm", transfer_allow_list=(BOB,))


def new_call(
    call_id: str,
    *,
    request_id: str = "",
    sha256: str = "",
    minute: int = 0,
    agent_id: str = "a" * 24,
    to_number: str = ALICE,
    **free_form: dict[str, Any],
) -> NewCall:
    """A call to register, so many minutes after noon."""
    request = CallRequest(from_number=CALLER, to_number=to_number, direction=Direction.OUTBOUND, **free_form)
    order = CallOrder(
        id=secrets.token_hex(12),
        call_id=call_id,
        request_id=request_id or f"request of {call_id}",
        request_sha256=sha256 or f"digest of {call_id}",
        request=request,
    )
    plan = CallPlan(agent_id=agent_id, agent_name="Ann", policy=Policy(ring_seconds=12.5), transfer_allow_list=(BOB,))
    at = NOON + timedelta(minutes=minute)
    return NewCall(order=order, agent_id=agent_id, agent=AGENT, plan=plan, registered_at=at)


def said(seq: int, content: str = "Hello.", **extra: Any) -> Message:
    """A message of the agent, so many seconds after noon."""
    start = NOON.replace(microsecond=0) + timedelta(seconds=seq)
    return Message(seq, Role.AGENT, content, start, start + timedelta(milliseconds=500), extra)
