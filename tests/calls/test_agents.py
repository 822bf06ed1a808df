"""What an agent's or number's owner may write."""

import pytest
from pydantic import TypeAdapter, ValidationError

from calls.agents import E164, AgentSettings
from calls.policy import Policy

NUMBER: TypeAdapter[str] = TypeAdapter(E164)


@pytest.mark.parametrize(
    "written", ["14155550101", "+0415555010", "+1", "+1415555010112345", "+1 415 555 0101", "+1\uff14155550101"]
)
def test_what_is_no_phone_number(written: str) -> None:
    """E.164 has a plus, no leading zero, 7 to 15 digits, and digits are the ASCII ones."""
    with pytest.raises(ValidationError):
        NUMBER.validate_python(written)


def test_an_agents_own_timers_replace_the_deployments() -> None:
    """What the agent leaves out stays as the deployment has it."""
    agent = AgentSettings(ai_agent_name="Rita", llm_websocket_url="wss://a.example", ring_timeout_seconds=20)
    policy = agent.policy(Policy(silence_seconds=100))
    assert (policy.ring_seconds, policy.silence_seconds) == (20, 100)
