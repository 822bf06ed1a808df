"""Where agents and phone numbers are kept."""

from typing import Protocol

from calls.agents import Agent, AgentSettings, NumberSettings, PhoneNumber
from calls.ports.pages import Page


class AgentInUseError(Exception):
    """The agent is still bound to a phone number."""


class NumberTakenError(Exception):
    """The phone number is stored already."""


class AgentStore(Protocol):
    """Keeps agents and phone numbers. A number is named by its id or its E.164 form."""

    async def add_agent(self, settings: AgentSettings) -> Agent: ...
    async def put_agent(self, agent_id: str, settings: AgentSettings) -> Agent | None: ...
    async def agent(self, agent_id: str) -> Agent | None: ...
    async def agents(self, *, page_size: int, page_token: str | None) -> Page[Agent]: ...
    async def delete_agent(self, agent_id: str) -> bool:
        """False when unknown. Raises AgentInUseError."""
        ...

    async def add_number(self, settings: NumberSettings) -> PhoneNumber:
        """Raises NumberTakenError."""
        ...

    async def put_number(self, number_or_id: str, settings: NumberSettings) -> PhoneNumber | None: ...
    async def number(self, number_or_id: str) -> PhoneNumber | None: ...
    async def numbers(self, *, page_size: int, page_token: str | None) -> Page[PhoneNumber]: ...
    async def delete_number(self, number_or_id: str) -> bool: ...
