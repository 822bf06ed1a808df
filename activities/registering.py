"""The verbs of the record: register a call, save its progress."""

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from activities.failures import translated
from activities.models import RegisterAnswer, Registration
from calls.agents import NOBODY, Agent, AgentSettings, Voicemail, VoicemailAction
from calls.calling_hours import CallingHours
from calls.limits import Capacity
from calls.model import CallOrder, CallPlan, CallRequest
from calls.policy import Policy
from calls.ports.agent_store import AgentStore
from calls.ports.call_store import CallStore
from calls.ports.webhooks import Announcer
from calls.reasons import FinishReason
from calls.records import NewCall, Progress
from calls.words import Direction


@dataclass(frozen=True, slots=True)
class NoAgent:
    """Why no agent can take a call, in words that say what to do."""

    outcome: Registration
    why: str


async def agent_for(agents: AgentStore, order: CallOrder) -> Agent | NoAgent:
    """The agent that handles a call: the one it names, else the one bound to our number.

    A call that came in and was turned away needs none; its record names the one that would have taken it, or nobody.
    """
    agent = await _agent_for(agents, order.request)
    is_turned_away = order.arrival is not None and order.arrival.turned_away is not None
    return NOBODY if is_turned_away and isinstance(agent, NoAgent) else agent


async def _agent_for(agents: AgentStore, request: CallRequest) -> Agent | NoAgent:
    if request.override_ai_agent_id is not None:
        if agent := await agents.agent(request.override_ai_agent_id):
            return agent
        why = f"no agent {request.override_ai_agent_id!r}: create it first, or leave override_ai_agent_id out"
        return NoAgent(Registration.UNKNOWN_AGENT, why)
    is_inbound = request.direction is Direction.INBOUND
    ours = request.to_number if is_inbound else request.from_number
    number = await agents.number(ours)
    agent_id = (number.inbound_ai_agent_id if is_inbound else number.outbound_ai_agent_id) if number else None
    if agent_id and (agent := await agents.agent(agent_id)):
        return agent
    field = "to_number" if is_inbound else "from_number"
    why = (
        f"{field} {ours} is not bound to an {request.direction} agent: bind one to it, "
        "or name one as override_ai_agent_id"
    )
    return NoAgent(Registration.NUMBER_NOT_BOUND, why)


class Registering:
    """What the story does to the record, over the stores' ports.

    `defaults` are the deployment's timers, `capacity` its limits on simultaneous calls. Without an `announcer` nobody
    is told of anything: whoever only registers needs none. `declined_means` is what a declined call ends as;
    `calling_hours` are those of agents without their own.
    """

    def __init__(
        self,
        store: CallStore,
        agents: AgentStore,
        defaults: Policy,
        capacity: Capacity,
        announcer: Announcer | None = None,
        *,
        declined_means: FinishReason = FinishReason.CALL_FAILED,
        calling_hours: CallingHours | None = None,
    ) -> None:
        self._store = store
        self._agents = agents
        self._defaults = defaults
        self._capacity = capacity
        self._announcer = announcer
        self._declined_means = declined_means
        self._calling_hours = calling_hours

    @activity.defn
    async def register_call(self, order: CallOrder) -> RegisterAnswer:
        """Store the call, once per call id, with the agent as it is now and the plan drawn from it."""
        with translated():
            agent = await agent_for(self._agents, order)
            if isinstance(agent, NoAgent):
                return RegisterAnswer(outcome=agent.outcome, why=agent.why)
            drawn = _plan(order, agent, self._defaults, self._capacity, self._calling_hours)
            plan = drawn.model_copy(update={"declined_means": self._declined_means})
            registered = await self._store.register(
                NewCall(
                    order=order,
                    agent_id=agent.ai_agent_id,
                    agent=AgentSettings(**agent.model_dump(exclude={"ai_agent_id"})),
                    plan=plan,
                    registered_at=datetime.now(UTC),
                )
            )
        stored = registered.stored
        mine = stored is not None and stored.order.request_id == order.request_id
        outcome = Registration.CREATED if mine else Registration(registered.outcome.value)
        return RegisterAnswer(
            outcome=outcome,
            request_id=stored.order.request_id if stored else "",
            request_sha256=stored.order.request_sha256 if stored else "",
            plan=stored.plan if stored and mine else None,
        )

    @activity.defn
    async def give_up_registration(self, order: CallOrder) -> bool:
        """Make sure a call that missed its deadline stays unregistered; False when its record exists after all."""
        with translated():
            return await self._store.withdraw(order.request_id, datetime.now(UTC))

    @activity.defn
    async def save_progress(self, call_id: str, progress: Progress) -> None:
        """Move the record forward; it never goes back."""
        with translated():
            await self._store.save_progress(call_id, progress)

    @activity.defn
    async def save_and_announce(self, call_id: str, progress: Progress) -> None:
        """Move the record forward, and have the agent's owner told of what is new in it.

        No parameter of the verb above: given fewer arguments than it has, the engine forgets the types of all of them.
        """
        with translated():
            await self._store.save_progress(call_id, progress)
            if self._announcer is not None:
                await self._announcer.announce(call_id)


def _plan(
    order: CallOrder, agent: Agent, defaults: Policy, capacity: Capacity, calling_hours: CallingHours | None
) -> CallPlan:
    is_inbound = order.request.direction is Direction.INBOUND
    turned_away = order.arrival.turned_away if order.arrival else None
    callee = order.request.from_number if is_inbound else order.request.to_number
    limits = capacity.limits(agent_id=agent.ai_agent_id, agents_own=agent.max_simultaneous_calls, callee=callee)
    return CallPlan(
        agent_id=agent.ai_agent_id,
        agent_name=agent.ai_agent_name,
        policy=agent.policy(defaults),
        # Who calls is no machine that picked up, and whoever is turned away is not recorded.
        voicemail=Voicemail(action=VoicemailAction.IGNORE) if is_inbound else agent.voicemail,
        record=agent.record and turned_away is None,
        records_to_the_bridge=agent.record and not agent.record_transferred,
        transfer_allow_list=agent.transfer_allow_list,
        webhooks=agent.webhook_url is not None,
        turned_away=turned_away.reason if turned_away else None,
        limits=() if turned_away else limits,
        when_full=agent.when_full or capacity.when_full,
        keeps_decisions=True,
        transfers_go_first=True,
        asks_for_a_slot_again=True,
        lost_dials_stay_lost=True,
        calling_hours=None if is_inbound else agent.calling_hours or calling_hours,
    )
