"""What an agent's or number's owner may write."""

import pytest
from pydantic import TypeAdapter, ValidationError

from calls.agents import E164, AgentSettings, MachineDetection, Voicemail
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


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("timeout_seconds", 3, 59),
        ("speech_threshold_ms", 1000, 6000),
        ("speech_end_threshold_ms", 500, 5000),
        ("silence_timeout_ms", 2000, 10000),
    ],
)
def test_machine_detection_is_tuned_within_the_carriers_bounds(field: str, least: int, most: int) -> None:
    """The bounds belong to the range; beyond them the agent is refused. The time-out is the call's timer too."""
    for good in (least, most):
        assert getattr(MachineDetection.model_validate({field: good}), field) == good
    for bad in (least - 1, most + 1):
        with pytest.raises(ValidationError):
            MachineDetection.model_validate({field: bad})
    voicemail = Voicemail(detection=MachineDetection(timeout_seconds=12))
    agent = AgentSettings(ai_agent_name="Ann", llm_websocket_url="wss://ann.test", voicemail=voicemail)
    assert agent.policy(Policy()).machine_detection_seconds == 12
