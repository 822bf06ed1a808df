"""The plan that a call is registered with: what its agent says, over what the deployment says."""

import pytest

from activities.registering import Registering
from calls.agents import AgentSettings
from calls.limits import Capacity, Limit, LimitOf, WhenFull
from calls.model import CallPlan
from calls.policy import Policy
from tests.adapters.mongo.orders import AGENT, ALICE, new_call
from tests.fakes.agent_store import FakeAgentStore
from tests.fakes.call_store import FakeCallStore


async def planned(settings: AgentSettings, capacity: Capacity) -> CallPlan:
    """The plan of a call to Alice."""
    agents = FakeAgentStore()
    agent = await agents.add_agent(settings)
    order = new_call("c1").order
    request = order.request.model_copy(update={"override_ai_agent_id": agent.ai_agent_id})
    registering = Registering(FakeCallStore(), agents, Policy(), capacity)
    answer = await registering.register_call(order.model_copy(update={"request": request}))
    assert answer.plan is not None
    return answer.plan


async def test_a_call_is_planned_with_every_limit_it_is_under() -> None:
    """The account's, its agent's and its callee's."""
    plan = await planned(AGENT.model_copy(update={"max_simultaneous_calls": 3}), Capacity(10))
    assert plan.limits == (
        Limit(of=LimitOf.ACCOUNT, pool="account", size=10),
        Limit(of=LimitOf.AGENT, pool=f"agent:{plan.agent_id}", size=3),
        Limit(of=LimitOf.CALLEE, pool=f"callee:{ALICE}", size=1),
    )


@pytest.mark.parametrize(
    ("deployments", "agents", "planned_with"),
    [
        (WhenFull.QUEUE, None, WhenFull.QUEUE),
        (WhenFull.REJECT, None, WhenFull.REJECT),
        (WhenFull.QUEUE, WhenFull.REJECT, WhenFull.REJECT),
        (WhenFull.REJECT, WhenFull.QUEUE, WhenFull.QUEUE),
    ],
)
async def test_an_agent_may_have_its_own_policy_for_full_limits(
    deployments: WhenFull, agents: WhenFull | None, planned_with: WhenFull
) -> None:
    """What the agent says goes before what the deployment says."""
    plan = await planned(AGENT.model_copy(update={"when_full": agents}), Capacity(when_full=deployments))
    assert plan.when_full is planned_with
