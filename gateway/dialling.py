"""Placing a call for a client, so that the answer can be believed.

Rules of this file
1. Whatever can be seen to be wrong is refused before anything is started.
2. An answer of 5xx means: not dialled, and it never will be. So where the engine leaves us in doubt, the request is
   withdrawn in the store first; if it turns out to be registered, the client gets its call.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from activities.models import Registration
from activities.registering import NoAgent, agent_for
from calls.model import CallOrder, CallRequest
from calls.ports.agent_store import AgentStore
from calls.ports.call_store import CallStore
from calls.ports.pages import StoreUnavailableError
from calls.records import StoredCall
from gateway.orders import DialBody, differences, order_of
from gateway.parts import Clock
from gateway.ports import (
    CallControl,
    CallIdTakenError,
    EngineUnavailableError,
    NumberNotBoundError,
    UnknownAgentError,
)

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds that an undecided request is held while the store does not answer, before the client is told 503."""
LAST_REGISTRATION = 6.0
"""Seconds after which a call that is not registered never will be: the engine's own deadline is 5."""
PAUSE = 0.2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dialled:
    """The call that a request led to. `is_repeat` is whether it existed before."""

    stored: StoredCall
    is_repeat: bool


class Dialling:
    """Takes requests to dial. Every error of CallControl may come out, and StoreUnavailableError."""

    def __init__(self, calls: CallStore, agents: AgentStore, control: CallControl, now: Clock) -> None:
        self._calls = calls
        self._agents = agents
        self._control = control
        self._now = now

    async def dial(self, body: DialBody) -> Dialled:
        """Place the call, once per call id."""
        order = order_of(body, self._now())
        if body.call_id is not None and (existing := await self._calls.find(body.call_id)):
            return _compared(existing, order)
        await _check_agent(order.request, self._agents)
        await self._place(order)
        return _compared(await self._registered(order), order)

    async def _place(self, order: CallOrder) -> None:
        """Have the order placed. Raises only if it will never be dialled."""
        try:
            await self._control.place(order)
        except (UnknownAgentError, NumberNotBoundError, CallIdTakenError):
            raise
        except Exception:
            if await _patiently(lambda: self._calls.withdraw(order.request_id, self._now())):
                raise
            log.info("call %s was registered although the engine did not say so", order.call_id)

    async def _registered(self, order: CallOrder) -> StoredCall:
        """The call as it is stored, which may be a moment after it was promised."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + LAST_REGISTRATION
        while clock() < deadline:
            if stored := await _patiently(lambda: self._calls.find(order.call_id)):
                return stored
            await asyncio.sleep(PAUSE)
        raise EngineUnavailableError(f"call {order.call_id} was placed and did not come into the store")


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The store's answer, however long it takes within reason: what is asked here decides what we may promise."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + PATIENCE
    while True:
        try:
            return await ask()
        except StoreUnavailableError:
            if clock() > deadline:
                raise
        await asyncio.sleep(PAUSE)


def _compared(stored: StoredCall, order: CallOrder) -> Dialled:
    """What a stored call is to an order: its own, an equal one's, or a different one's."""
    if stored.order.request_sha256 != order.request_sha256:
        raise CallIdTakenError(order.call_id, differences(stored.order.request, order.request))
    return Dialled(stored, is_repeat=stored.order.request_id != order.request_id)


async def _check_agent(request: CallRequest, agents: AgentStore) -> None:
    """Refuse what registering would refuse, without starting anything."""
    agent = await agent_for(agents, request)
    if isinstance(agent, NoAgent):
        kind = UnknownAgentError if agent.outcome is Registration.UNKNOWN_AGENT else NumberNotBoundError
        raise kind(agent.why)
