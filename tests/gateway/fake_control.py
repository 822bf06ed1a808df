"""A CallControl without an engine: what the workflows would do to the store it does at once, and it remembers."""

from dataclasses import dataclass, field
from typing import cast

from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from activities.models import RegisterAnswer
from activities.registering import Registering
from adapters.numbering.plan import NumberingPlan
from calls.facts import Fact
from calls.limits import Capacity
from calls.model import CallOrder, TurnedAway
from calls.policy import Policy
from calls.ports.agent_store import AgentStore
from calls.ports.call_store import CallStore
from calls.ports.do_not_call import DoNotCallList
from calls.screening import Screening
from gateway.ports import EngineUnavailableError, Told
from gateway.temporal_control import TemporalCallControl
from workflows.messages import Ack, EndRequest, TransferRequest
from workflows.placing import Desk, Placed


@dataclass
class FakeCallControl:
    """Places calls as TemporalCallControl does, over a pretended engine, and delivers every fact.

    `lacks_worker`: what is started stays undone. `fails`: the engine never answers. With `registers_before_failing`
    the work is done all the same, and only the answer gets lost. `closed` are calls without a workflow. `ack` is the
    answer to every request.
    """

    calls: CallStore
    agents: AgentStore
    do_not_call: DoNotCallList
    placed: list[CallOrder] = field(default_factory=list)
    told: list[tuple[str, Fact]] = field(default_factory=list)
    asked: list[tuple[str, EndRequest | TransferRequest]] = field(default_factory=list)
    taken_up: list[tuple[str, Fact]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    taken_back: list[str] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    turned_away: list[tuple[CallOrder, TurnedAway]] = field(default_factory=list)
    lacks_worker: bool = False
    fails: bool = False
    registers_before_failing: bool = False
    ack: Ack = field(default_factory=lambda: Ack(accepted=True))

    def forget(self) -> None:
        """Become as new for the next test."""
        fresh = FakeCallControl(self.calls, self.agents, self.do_not_call)
        for name in set(vars(fresh)) - {"calls", "agents", "do_not_call"}:
            setattr(self, name, getattr(fresh, name))

    async def place(self, order: CallOrder) -> Placed:
        """Place the call as the gateway would, the engine left out."""
        screening = Screening(NumberingPlan(), self.do_not_call)
        desk = Desk(cast(Client, _Engine(self, order)), self.calls, self.agents, screening)
        return await TemporalCallControl(desk).place(order)

    async def turn_away(self, order: CallOrder, why: TurnedAway) -> None:
        """Remember who was turned away."""
        self._fail()
        self.turned_away.append((order, why))

    async def tell(self, call_id: str, fact: Fact) -> Told:
        """Remember the fact."""
        self._fail()
        if call_id in self.closed:
            return Told.NO_SUCH_WORKFLOW
        self.told.append((call_id, fact))
        return Told.DELIVERED

    async def take_up(self, order: CallOrder, fact: Fact) -> None:
        """Remember what was taken up."""
        self._fail()
        self.taken_up.append((order.call_id, fact))

    async def deliver_webhooks(self, call_id: str) -> None:
        """Remember whose webhooks were wanted."""
        self._fail()
        self.fetched.append(call_id)

    async def cancel_redials(self, order: CallOrder) -> Ack:
        """Remember whose redials were taken back."""
        self.taken_back.append(order.call_id)
        return self.ack

    async def end(self, call_id: str, request: EndRequest) -> Ack:
        """Remember the request."""
        self._fail()
        self.asked.append((call_id, request))
        return self.ack

    async def transfer(self, call_id: str, request: TransferRequest) -> Ack:
        """Remember the request."""
        self._fail()
        self.asked.append((call_id, request))
        return self.ack

    def _fail(self) -> None:
        if self.fails:
            raise EngineUnavailableError("no answer from the engine")


@dataclass
class _Engine:
    """The methods of the engine's client that placing a call uses, for one order."""

    control: FakeCallControl
    order: CallOrder

    async def execute_update_with_start_workflow(self, *_: object, **__: object) -> RegisterAnswer:
        """Do what the workflow does first: register the call."""
        control = self.control
        answer = None
        silent = control.fails or control.lacks_worker
        if not silent or control.registers_before_failing:
            answer = await Registering(control.calls, control.agents, Policy(), Capacity()).register_call(self.order)
            if answer.request_id == self.order.request_id:
                control.placed.append(self.order)
        if answer is None or silent:
            raise WorkflowUpdateRPCTimeoutOrCancelledError
        return answer

    def get_workflow_handle(self, _: str) -> "_Engine":
        """Nobody else's workflow runs."""
        return self

    async def describe(self) -> None:
        """No workflow of the call is known."""
        raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")
