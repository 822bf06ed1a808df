"""CallControl over Temporal: facts are signals of their kind's name, requests are updates that the call answers."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.models import TakeUp
from calls.facts import CallTurnedAway, Fact
from calls.model import CallOrder, TurnedAway
from gateway.ports import EngineUnavailableError, Told
from workflows.call_webhooks import EngineCourier
from workflows.inbound_call import InboundCall
from workflows.inspection import search_attributes_at_start
from workflows.messages import END, TRANSFER, Ack, EndRequest, TransferRequest
from workflows.names import CALL_QUEUE, masked, workflow_id
from workflows.placing import Desk, Placed, place_call
from workflows.taken_up_call import TakenUpCall
from workflows.taking_back import cancel_redials

log = logging.getLogger(__name__)

SIGNAL_PATIENCE = timedelta(seconds=3)
"""The carrier waits 15 s for an answer and asks again when it hears 503."""
UPDATE_PATIENCE = timedelta(seconds=5)
"""An update is answered by a worker, which may have to read the call's history first."""
TURN_AWAY_PATIENCE = timedelta(seconds=1.5)
"""What is left of the carrier's 15 s when a call that came in could not be registered."""
_OVER = Ack(accepted=False, why="the call is over")


class TemporalCallControl:
    """Steers calls through a Temporal client."""

    def __init__(
        self,
        desk: Desk,
        *,
        signal_patience: timedelta = SIGNAL_PATIENCE,
        update_patience: timedelta = UPDATE_PATIENCE,
    ) -> None:
        self._desk = desk
        self._signal_patience = signal_patience
        self._update_patience = update_patience

    @property
    def _client(self) -> Client:
        return self._desk.client

    async def place(self, order: CallOrder) -> Placed:
        """Start the call's workflow and wait until the call is registered."""
        return await place_call(self._desk, order)

    async def turn_away(self, order: CallOrder, why: TurnedAway) -> None:
        """Start the call's workflow, or tell the one that runs; durable once this returns, worker or no worker."""
        request = order.request
        told = CallTurnedAway(at=datetime.now(UTC), reason=why.reason, by=why.by, evidence=why.evidence)
        try:
            async with asyncio.timeout(TURN_AWAY_PATIENCE.total_seconds()):
                await self._client.start_workflow(
                    InboundCall.run,
                    order,
                    id=workflow_id(order.call_id),
                    task_queue=CALL_QUEUE,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    start_signal=told.kind,
                    start_signal_args=[told],
                    static_summary=f"turned away: {masked(request.from_number)}",
                    search_attributes=search_attributes_at_start(request.to_number),
                    rpc_timeout=TURN_AWAY_PATIENCE,
                )
        except (TimeoutError, RPCError) as error:
            raise EngineUnavailableError(f"turning away call {order.call_id}: {error or 'no answer'}") from error

    async def tell(self, call_id: str, fact: Fact) -> Told:
        """Signal the fact; it is durable once this returns, worker or no worker."""
        call = self._client.get_workflow_handle(workflow_id(call_id))
        try:
            async with asyncio.timeout(self._signal_patience.total_seconds()):  # the client retries beyond rpc_timeout
                await call.signal(fact.kind, fact, rpc_timeout=self._signal_patience)
        except TimeoutError as error:
            raise EngineUnavailableError(f"{fact.kind} for call {call_id}: no answer") from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Told.NO_SUCH_WORKFLOW
            raise EngineUnavailableError(f"{fact.kind} for call {call_id}: {error}") from error
        return Told.DELIVERED

    async def take_up(self, order: CallOrder, fact: Fact) -> None:
        """Start the call's workflow anew, or tell the one that runs; durable once this returns, worker or no worker."""
        to_number = order.request.to_number
        try:
            async with asyncio.timeout(self._signal_patience.total_seconds()):
                await self._client.start_workflow(
                    TakenUpCall.run,
                    TakeUp(order=order, story="completed"),
                    id=workflow_id(order.call_id),
                    task_queue=CALL_QUEUE,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    start_signal=fact.kind,
                    start_signal_args=[fact],
                    static_summary=f"{masked(to_number)}, taken up for late word",
                    search_attributes=search_attributes_at_start(to_number),
                    rpc_timeout=self._signal_patience,
                )
        except (TimeoutError, RPCError) as error:
            raise EngineUnavailableError(f"late {fact.kind} for call {order.call_id}: {error}") from error

    async def end(self, call_id: str, request: EndRequest) -> Ack:
        """Ask for the end by an update."""
        return await self._ask(call_id, END, request)

    async def transfer(self, call_id: str, request: TransferRequest) -> Ack:
        """Ask for the transfer by an update, which the call may refuse. Its target is screened as a callee is."""
        if refused := await self._desk.screening.refused(request.to_number):
            return Ack(accepted=False, why=f"to_number {refused.why}")
        return await self._ask(call_id, TRANSFER, request)

    async def cancel_redials(self, order: CallOrder) -> Ack:
        """Withdraw the next redial at the store; the workflow in which it waits is cancelled too, if it can be."""
        return await cancel_redials(self._desk.calls, self._client, order)

    async def deliver_webhooks(self, call_id: str) -> None:
        """Start the deliveries' workflow, or wake it."""
        try:
            async with asyncio.timeout(self._signal_patience.total_seconds()):
                await EngineCourier(self._client).fetch(call_id, at_once=True)
        except (TimeoutError, RPCError) as error:
            raise EngineUnavailableError(f"webhooks of call {call_id}: {error or 'no answer'}") from error

    async def _ask(self, call_id: str, what: str, request: EndRequest | TransferRequest) -> Ack:
        call = self._client.get_workflow_handle(workflow_id(call_id))
        try:
            async with asyncio.timeout(self._update_patience.total_seconds()):
                ack: Ack = await call.execute_update(
                    what,
                    request,
                    id=f"{what}-{request.request_id}",  # the engine answers a repeated id with the first answer
                    result_type=Ack,
                    rpc_timeout=self._update_patience,
                )
        except WorkflowUpdateFailedError as refused:
            if isinstance(refused.cause, ApplicationError):
                return Ack(accepted=False, why=refused.cause.message)
            raise
        except (TimeoutError, RPCTimeoutOrCancelledError) as error:
            raise EngineUnavailableError(f"{what} of call {call_id}: no worker answered") from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return _OVER
            raise EngineUnavailableError(f"{what} of call {call_id}: {error}") from error
        return ack
