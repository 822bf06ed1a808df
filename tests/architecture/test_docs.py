"""What the pages say of the code's own names."""

from pathlib import Path

import pytest

from calls.agents import AgentSettings, MachineDetection, SpokenLanguage, Voicemail

DOCS = Path(__file__).resolve().parents[2] / "docs"
MODELS = (AgentSettings, SpokenLanguage, Voicemail, MachineDetection)


@pytest.mark.parametrize("field", sorted({name for model in MODELS for name in model.model_fields}))
def test_every_setting_of_an_agent_is_explained(field: str) -> None:
    """Under its own name, in the table of settings."""
    table = (DOCS / "agents.md").read_text().partition("## Settings of an agent")[2].partition("\n## ")[0]
    assert field in table
