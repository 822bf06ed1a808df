"""CallControl over a real Temporal."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from adapters.numbering.plan import NumberingPlan
from calls import facts as f
from calls.arriving import fault_of_ours
from calls.ports.agent_store import AgentStore
from calls.ports.call_store import CallStore
from calls.screening import Screening
from gateway.ports import EngineUnavailableError, Told
from gateway.temporal_control import TemporalCallControl
from tests.fakes.do_not_call_list import FakeDoNotCallList
from tests.gateway.engine import start_engine, start_full_engine
from tests.workflows.stage import an_arrival
from workflows.inbound_call import InboundCall
from workflows.messages import Ack, EndRequest, TransferRequest
from workflows.names import workflow_id
from workflows.outbound_call import OutboundCall
from workflows.placing import Desk

QUEUE = "gateway-tests"
RINGING = f.CallRinging(at=datetime(2026, 11, 22, tzinfo=UTC), carrier_call_id="CA1", attempt_id="a1")
END = EndRequest(request_id="r1")
OURS = fault_of_ours("no worker")


@workflow.defn
class Listener:
    """Stands where a call's workflow would: takes a fact and an end, refuses transfers, and ends when told."""

    def __init__(self) -> None:
        self.heard: list[f.CallRinging] = []
        self.ends = 0

    @workflow.run
    async def run(self) -> list[f.CallRinging]:
        await workflow.wait_condition(lambda: self.ends > 0)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.heard

    @workflow.signal
    def call_ringing(self, fact: f.CallRinging) -> None:
        self.heard.append(fact)

    @workflow.update
    def end(self, request: EndRequest) -> Ack:
        self.ends += 1
        return Ack(accepted=True, why=f"{request.request_id} was number {self.ends}")

    @workflow.update
    def transfer(self, request: TransferRequest) -> Ack:
        raise AssertionError(request)

    @transfer.validator
    def _refuse(self, request: TransferRequest) -> None:
        raise ApplicationError(f"not to {request.to_number}", non_retryable=True)


def _control(client: Client, **more: timedelta) -> TemporalCallControl:
    # The stores are only asked when a call is placed.
    return TemporalCallControl(
        Desk(client, cast(CallStore, None), cast(AgentStore, None), Screening(NumberingPlan(), FakeDoNotCallList())),
        **more,
    )


@pytest.fixture(scope="module")
async def engine() -> AsyncIterator[WorkflowEnvironment]:
    """A test server of Temporal."""
    async with await start_engine() as environment:
        yield environment


async def test_a_call_hears_and_answers(engine: WorkflowEnvironment) -> None:
    """A fact arrives whole, a refusal comes back in its own words, a repeated request gets the first answer."""
    control = _control(engine.client)
    async with Worker(
        engine.client, task_queue=QUEUE, workflows=[Listener], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        call = await engine.client.start_workflow(Listener.run, id=workflow_id("one"), task_queue=QUEUE)
        assert await control.tell("one", RINGING) is Told.DELIVERED
        refused = await control.transfer("one", TransferRequest(request_id="t1", to_number="+14155550110"))
        assert refused == Ack(accepted=False, why="not to +14155550110")
        accepted = await control.end("one", END)
        assert accepted == Ack(accepted=True, why="r1 was number 1")
        assert await call.result() == [RINGING]
        assert await control.tell("one", RINGING) is Told.NO_SUCH_WORKFLOW
        assert (await control.end("one", EndRequest(request_id="r2"))).accepted is False


async def test_a_call_that_does_not_exist(engine: WorkflowEnvironment) -> None:
    """A call without a workflow cannot be told anything, and takes no request."""
    control = _control(engine.client)
    assert await control.tell("nobody", RINGING) is Told.NO_SUCH_WORKFLOW
    assert await control.end("nobody", END) == Ack(accepted=False, why="the call is over")
    transfer = TransferRequest(request_id="t", to_number="+14155550110")
    assert await control.transfer("nobody", transfer) == Ack(accepted=False, why="the call is over")


async def test_without_a_worker_facts_arrive_and_requests_do_not(engine: WorkflowEnvironment) -> None:
    """A fact needs no worker; a request does, and says in time that it got no answer."""
    control = _control(engine.client, update_patience=timedelta(seconds=0.3))
    call = await engine.client.start_workflow(Listener.run, id=workflow_id("two"), task_queue="nobody-works-here")
    assert await control.tell("two", RINGING) is Told.DELIVERED
    with pytest.raises(EngineUnavailableError, match="no worker answered"):
        await control.end("two", END)
    await call.terminate()


async def test_an_engine_that_went_away() -> None:
    """When the engine is gone, everything raises EngineUnavailableError within its patience."""
    async with await start_engine() as environment:
        shortly = timedelta(seconds=0.3)
        control = _control(environment.client, signal_patience=shortly, update_patience=shortly)
    with pytest.raises(EngineUnavailableError):
        await control.tell("one", RINGING)
    with pytest.raises(EngineUnavailableError):
        await control.end("one", END)


async def test_a_caller_who_was_turned_away_is_kept_without_a_worker() -> None:
    """Two gateways that turn one carrier call away, at once and one after the other, start one workflow and tell it.

    The server itself: of two signals at the same moment that would start a workflow, the test server refuses some.
    """
    order = an_arrival()
    async with await start_full_engine() as engine:
        one, other = _control(engine.client), _control(engine.client)
        await asyncio.gather(one.turn_away(order, OURS), other.turn_away(order, OURS))
        await one.turn_away(order, OURS)
        history = await engine.client.get_workflow_handle(workflow_id(order.call_id)).fetch_history()
    kinds = [event.event_type for event in history.events]
    assert kinds.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED) == 1
    told = [event.workflow_execution_signaled_event_attributes for event in history.events]
    assert [signal.signal_name for signal in told if signal.signal_name] == ["call_turned_away"] * 3


async def test_without_an_engine_nobody_is_turned_away() -> None:
    """What could not be made durable is an error, within what is left of the carrier's patience."""
    async with await start_engine() as environment:
        control = _control(environment.client)
    began = time.monotonic()
    with pytest.raises(EngineUnavailableError, match="turning away"):
        await control.turn_away(an_arrival(), OURS)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "kind",
    [
        f.CallInitiated,
        f.CallRinging,
        f.CallAnswered,
        f.CallCompleted,
        f.MachineVerdict,
        f.RecordingReady,
        f.RecordingAbsent,
        f.TransferRequested,
        f.TransferBridged,
        f.TransferFailed,
        f.TransferEnded,
        f.ConversationStarted,
        f.ConversationEnded,
    ],
)
def test_every_fact_has_its_signal(kind: type[f.Fact]) -> None:
    """Whatever this gateway tells, the call's workflow has a signal of that name."""
    for owner in (OutboundCall, InboundCall):
        assert kind.kind in workflow._Definition.must_from_class(owner).signals
