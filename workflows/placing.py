"""Placing a call, or taking one that came in: the one way in, for gateway and starter alike.

The call's workflow is started together with a question for the outcome of its registration. Whatever goes wrong on
the way, the answer is true: a call that is said not to be placed was not registered and never will be.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from activities.models import RegisterAnswer, Registration
from activities.registering import NoAgent, agent_for
from calls.agents import Agent
from calls.model import CallOrder, CallRequest
from calls.ports.agent_store import AgentStore
from calls.ports.call_store import CallStore
from calls.ports.pages import StoreUnavailableError
from calls.records import StoredCall
from calls.screening import Refused, Screening
from calls.words import Direction
from workflows.inbound_call import InboundCall
from workflows.inspection import search_attributes_at_start
from workflows.messages import END, REGISTER
from workflows.names import CALL_QUEUE, masked, workflow_id
from workflows.outbound_call import OutboundCall

STORE_PATIENCE_SECONDS = 30.0
"""How long an undecided request for a dial is held while the store cannot decide it."""


class _Patience(NamedTuple):
    """Seconds to wait for a worker's registration, and afterwards for a store that is away."""

    worker: float
    store: float


_PATIENCE: Final = {
    # Longer than the workflow's own deadline for registering, so that its answer is known when ours is due.
    Direction.OUTBOUND: _Patience(worker=8.0, store=STORE_PATIENCE_SECONDS),
    # A caller hears it ring meanwhile, and the carrier gives up on us after 15 s.
    Direction.INBOUND: _Patience(worker=3.0, store=0.5),
}
_BETWEEN_TRIES_SECONDS = 0.5
_ENGINE_PATIENCE_SECONDS = 5.0


class PlacingError(Exception):
    """The call was not placed, and this request for it never will be."""


class UnknownAgentError(PlacingError):
    """The request names an agent that does not exist."""


class NumberNotBoundError(PlacingError):
    """The request's `from_number` is not bound to an agent and it names none."""


class DestinationRefusedError(PlacingError):
    """The number must not be rung. `rule` says by which rule, for programs."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"to_number {refused.why}")
        self.rule = refused.rule


class CallIdTakenError(PlacingError):
    """Another request holds this call id. `fields` names what differs."""

    def __init__(self, call_id: str, fields: tuple[str, ...]) -> None:
        super().__init__(
            f"call_id {call_id!r} belongs to another request, which differs in {', '.join(fields) or 'its content'}: "
            "send the same request again to learn of that call, or choose another call_id"
        )
        self.fields = fields


class PlacingUnavailableError(PlacingError):
    """Engine, workers or store did not answer in time; the same request may be sent again later."""


class PlacingUndecidedError(PlacingUnavailableError):
    """Nobody can be asked whether the call was placed, or rings already. Only the same `call_id` again is safe."""

    def __init__(self, call_id: str, why: str) -> None:
        super().__init__(
            f"{why}; whether the call is placed cannot be told now: ask for call {call_id} later, or send the same "
            "request again with that call_id"
        )
        self.call_id = call_id


@dataclass(frozen=True, slots=True)
class Placed:
    """A placed call. `created` is False when the same request had placed it before."""

    stored: StoredCall
    created: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What placing a call needs."""

    client: Client
    calls: CallStore
    agents: AgentStore
    screening: Screening


async def place_call(desk: Desk, order: CallOrder) -> Placed:
    """Place a call once, however often it is asked for. Raises PlacingError with words that say what to do."""
    try:
        if known := await desk.calls.find(order.call_id):
            return _known(order, known)
        agent = await agent_for(desk.agents, order)
        if isinstance(agent, NoAgent):
            raise _no_agent(agent.outcome, agent.why)
        await _screen(desk, order.request, agent)
    except StoreUnavailableError as error:
        raise PlacingUnavailableError(f"the store is away: {error}") from error
    answer: RegisterAnswer | None = None
    try:
        async with asyncio.timeout(_PATIENCE[order.request.direction].worker):
            answer = await _start(desk.client, order, agent.ai_agent_name)
        return await _read(desk, order, answer)
    except PlacingError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever went wrong, foreseen or not, the answer must be true
        return await _settle(desk, order, error, is_registered=answer is not None)


async def _screen(desk: Desk, request: CallRequest, agent: Agent) -> None:
    """Whoever called us is not rung. The dial screens once more, for workflows that nobody placed here."""
    if request.direction is not Direction.OUTBOUND:
        return
    hours = agent.calling_hours or desk.screening.calling_hours
    if refused := await desk.screening.refused_now(request.to_number, hours, datetime.now(UTC)):
        raise DestinationRefusedError(refused)


async def _start(client: Client, order: CallOrder, agent_name: str) -> RegisterAnswer:
    request = order.request
    is_inbound = request.direction is Direction.INBOUND
    parties = (
        f"{agent_name} ← {masked(request.from_number)}" if is_inbound else f"{agent_name} → {masked(request.to_number)}"
    )
    start = WithStartWorkflowOperation(
        InboundCall.run if is_inbound else OutboundCall.run,
        order,
        id=workflow_id(order.call_id),
        task_queue=CALL_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=parties,
        search_attributes=search_attributes_at_start(request.to_number),
    )
    try:
        answer: RegisterAnswer = await client.execute_update_with_start_workflow(
            REGISTER, start_workflow_operation=start, result_type=RegisterAnswer
        )
    except BaseException:
        # The client leaves the same failure in the operation too, which would be logged as one that nobody saw.
        seen = asyncio.ensure_future(start.workflow_handle())
        seen.add_done_callback(lambda done: done.cancelled() or done.exception())
        raise
    return answer


async def _read(desk: Desk, order: CallOrder, answer: RegisterAnswer) -> Placed:
    """Turn the workflow's answer into ours; a workflow that was running already answers for its own request."""
    if answer.outcome in (Registration.UNKNOWN_AGENT, Registration.NUMBER_NOT_BOUND):
        raise _no_agent(answer.outcome, answer.why)
    if answer.outcome in (Registration.TOO_LATE, Registration.WITHDRAWN):
        raise PlacingUnavailableError(answer.why or "this request was given up before")
    stored = await desk.calls.find(order.call_id)
    if stored is None:
        raise PlacingUndecidedError(order.call_id, "the call was registered but cannot be read")
    if stored.order.request_id == order.request_id:
        return Placed(stored, created=True)
    return _known(order, stored)


def _known(order: CallOrder, stored: StoredCall) -> Placed:
    if stored.order.request_sha256 == order.request_sha256:
        return Placed(stored, created=False)
    raise CallIdTakenError(order.call_id, differing_fields(order.request, stored.order.request))


async def _settle(desk: Desk, order: CallOrder, cause: Exception, *, is_registered: bool = False) -> Placed:
    """Make sure that the call is placed or never will be, and say which; the store decides, within reason.

    While the store is away nobody can decide. Then the call is asked to end, unless it `is_registered`: a client who
    sends the same again without a call id shall not have the callee rung twice.
    """
    why = f"the call could not be placed in time, is a worker running? ({type(cause).__name__}: {cause})"
    clock = asyncio.get_running_loop().time
    deadline = clock() + _PATIENCE[order.request.direction].store
    while True:
        try:
            withdrawn = await desk.calls.withdraw(order.request_id, datetime.now(UTC))
            stored = await desk.calls.find(order.call_id)  # by another request, where ours is withdrawn
            break
        except StoreUnavailableError as error:
            if clock() > deadline:
                away = f"{why}; the store is away too: {error}"
                if order.arrival is not None:  # its gateway tells the workflow that it was turned away
                    raise PlacingUnavailableError(away) from cause
                if not is_registered:
                    await _ask_to_end(desk.client, order.call_id)
                raise PlacingUndecidedError(order.call_id, away) from cause
            await asyncio.sleep(_BETWEEN_TRIES_SECONDS)
    if stored is None:
        if withdrawn and await _is_nobodys(desk, order):
            raise PlacingUnavailableError(why) from cause
        raise PlacingUndecidedError(order.call_id, why) from cause
    return Placed(stored, created=True) if stored.order.request_id == order.request_id else _known(order, stored)


async def _ask_to_end(client: Client, call_id: str) -> None:
    """Have the call end, should there be one."""
    with suppress(TimeoutError, RPCError):
        async with asyncio.timeout(_ENGINE_PATIENCE_SECONDS):
            await client.get_workflow_handle(workflow_id(call_id)).signal(END)


async def _is_nobodys(desk: Desk, order: CallOrder) -> bool:
    """Whether no other request with this call id places it: one that repeats the same is given up with ours.

    An engine that is away is not waited for: it starts nothing, and whoever repeats a request learns the rest later.
    """
    if order.arrival is not None or order.call_id == order.id:
        return True  # nobody else knows this id
    try:
        async with asyncio.timeout(_ENGINE_PATIENCE_SECONDS):
            running = await _running_order(desk.client, order.call_id)
        if running is None or running.request_id == order.request_id:
            return True
        is_the_same = running.request_sha256 == order.request_sha256
        return is_the_same and await desk.calls.withdraw(running.request_id, datetime.now(UTC))
    except (TimeoutError, RPCError):
        return True
    except (StoreUnavailableError, ValueError):  # the latter: a story that was taken up
        return False


async def _running_order(client: Client, call_id: str) -> CallOrder | None:
    """The order that the call's workflow runs for; None when it does not run."""
    handle = client.get_workflow_handle(workflow_id(call_id))
    if (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING:
        return None
    async for began in handle.fetch_history_events(page_size=1):
        payloads = began.workflow_execution_started_event_attributes.input.payloads
        (running,) = await client.data_converter.decode(payloads, [CallOrder])
        return CallOrder.model_validate(running)
    return None


def _no_agent(outcome: Registration, why: str) -> PlacingError:
    return UnknownAgentError(why) if outcome is Registration.UNKNOWN_AGENT else NumberNotBoundError(why)


def differing_fields(one: CallRequest, other: CallRequest) -> tuple[str, ...]:
    """The names of the request's fields in which two requests differ."""
    return tuple(name for name in CallRequest.model_fields if getattr(one, name) != getattr(other, name))
