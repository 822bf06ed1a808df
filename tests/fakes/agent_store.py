"""Agents and phone numbers in memory: what their port promises, without a database."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from calls.agents import Agent, AgentSettings, NumberSettings, PhoneNumber
from calls.ports.agent_store import AgentInUseError, NumberTakenError
from calls.ports.pages import Page, StoreUnavailableError
from tests.fakes.paging import page_from


@dataclass
class FakeAgentStore:
    """Keeps agents and numbers in dictionaries. While `is_away`, every method raises as a dead store's."""

    is_away: bool = False
    known_agents: dict[str, Agent] = field(default_factory=dict)
    known_numbers: dict[str, PhoneNumber] = field(default_factory=dict)
    _ids: Any = field(default_factory=lambda: count(1))

    async def add_agent(self, settings: AgentSettings) -> Agent:
        return self._keep_agent(self._new_id(), settings)

    async def put_agent(self, agent_id: str, settings: AgentSettings) -> Agent | None:
        self._answer()
        return self._keep_agent(agent_id, settings) if agent_id in self.known_agents else None

    async def agent(self, agent_id: str) -> Agent | None:
        self._answer()
        return self.known_agents.get(agent_id)

    async def agents(self, *, page_size: int, page_token: str | None) -> Page[Agent]:
        self._answer()
        known = self.known_agents.values()
        return page_from("agents", known, key=lambda a: (a.ai_agent_id,), size=page_size, page_token=page_token)

    async def delete_agent(self, agent_id: str) -> bool:
        self._answer()
        for number in self.known_numbers.values():
            if agent_id in (number.outbound_ai_agent_id, number.inbound_ai_agent_id):
                raise AgentInUseError(f"the agent is bound to {number.phone_number}")
        return self.known_agents.pop(agent_id, None) is not None

    async def add_number(self, settings: NumberSettings) -> PhoneNumber:
        return self._keep_number(self._new_id(), settings)

    async def put_number(self, number_or_id: str, settings: NumberSettings) -> PhoneNumber | None:
        known = await self.number(number_or_id)
        return self._keep_number(known.id, settings) if known else None

    async def number(self, number_or_id: str) -> PhoneNumber | None:
        self._answer()
        named = (n for n in self.known_numbers.values() if number_or_id in (n.id, n.phone_number))
        return next(named, None)

    async def numbers(self, *, page_size: int, page_token: str | None) -> Page[PhoneNumber]:
        self._answer()
        known = self.known_numbers.values()
        return page_from("numbers", known, key=lambda n: (n.id,), size=page_size, page_token=page_token)

    async def delete_number(self, number_or_id: str) -> bool:
        known = await self.number(number_or_id)
        return known is not None and self.known_numbers.pop(known.id, None) is not None

    def _keep_agent(self, agent_id: str, settings: AgentSettings) -> Agent:
        own = {name: getattr(settings, name) for name in AgentSettings.model_fields}
        self.known_agents[agent_id] = Agent(ai_agent_id=agent_id, **own)
        return self.known_agents[agent_id]

    def _keep_number(self, number_id: str, settings: NumberSettings) -> PhoneNumber:
        if any(n.phone_number == settings.phone_number and n.id != number_id for n in self.known_numbers.values()):
            raise NumberTakenError(f"{settings.phone_number} is stored already")
        own = {name: getattr(settings, name) for name in NumberSettings.model_fields}
        self.known_numbers[number_id] = PhoneNumber(id=number_id, **own)
        return self.known_numbers[number_id]

    def _new_id(self) -> str:
        self._answer()
        return f"{next(self._ids):024x}"

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailableError("the fake store is away")
