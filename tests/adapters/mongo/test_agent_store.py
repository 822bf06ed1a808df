"""Agents and phone numbers, in memory and in MongoDB alike."""

import pytest

from calls.agents import AgentSettings, NumberSettings, Voicemail, VoicemailAction
from calls.ports.agent_store import AgentInUseError, AgentStore, NumberTakenError
from calls.ports.pages import BadPageTokenError

SETTINGS = AgentSettings(
    ai_agent_name="Ann",
    llm_websocket_url="wss://agent.test/llm",
    voicemail=Voicemail(action=VoicemailAction.LEAVE_MESSAGE, message="Call us back."),
    transfer_allow_list=("+14155550110",),
    no_input_seconds=12.5,
)
NUMBER = NumberSettings(phone_number="+14155550100", nickname="Front desk")
UNKNOWN = ("f" * 24, "nonsense", "")


async def test_an_agent_lives(agents: AgentStore) -> None:
    """An agent is added, read, replaced and forgotten, whole each time."""
    added = await agents.add_agent(SETTINGS)
    assert added.model_dump(exclude={"ai_agent_id"}) == SETTINGS.model_dump()
    assert await agents.agent(added.ai_agent_id) == added
    changed = await agents.put_agent(added.ai_agent_id, SETTINGS.model_copy(update={"ai_agent_name": "Beth"}))
    assert changed is not None
    assert changed.ai_agent_name == "Beth"
    assert await agents.agent(added.ai_agent_id) == changed
    assert await agents.delete_agent(added.ai_agent_id)
    assert not await agents.delete_agent(added.ai_agent_id)
    assert await agents.agent(added.ai_agent_id) is None


@pytest.mark.parametrize("named", UNKNOWN)
async def test_unknown_names_are_no_error(agents: AgentStore, named: str) -> None:
    """What is not there is not found, not replaced and not deleted, however it is named."""
    assert await agents.agent(named) is None
    assert await agents.put_agent(named, SETTINGS) is None
    assert not await agents.delete_agent(named)
    assert await agents.number(named) is None
    assert await agents.put_number(named, NUMBER) is None
    assert not await agents.delete_number(named)


async def test_a_bound_agent_cannot_be_deleted(agents: AgentStore) -> None:
    """An agent that a number uses, outbound or inbound, stays until the number lets go of it."""
    agent = await agents.add_agent(SETTINGS)
    for role in ("outbound_ai_agent_id", "inbound_ai_agent_id"):
        number = await agents.add_number(NUMBER.model_copy(update={role: agent.ai_agent_id}))
        with pytest.raises(AgentInUseError):
            await agents.delete_agent(agent.ai_agent_id)
        await agents.delete_number(number.id)
    assert await agents.delete_agent(agent.ai_agent_id)


async def test_a_number_has_two_names(agents: AgentStore) -> None:
    """A number is read, replaced and forgotten by its id and by its digits."""
    added = await agents.add_number(NUMBER)
    assert await agents.number(added.id) == added == await agents.number(NUMBER.phone_number)
    renamed = await agents.put_number(NUMBER.phone_number, NUMBER.model_copy(update={"nickname": None}))
    assert renamed is not None
    assert (renamed.id, renamed.nickname) == (added.id, None)
    assert await agents.delete_number(NUMBER.phone_number)
    assert await agents.number(added.id) is None


async def test_a_number_is_stored_once(agents: AgentStore) -> None:
    """A number that is stored already can be neither added nor taken by another one."""
    await agents.add_number(NUMBER)
    other = await agents.add_number(NumberSettings(phone_number="+14155550199"))
    with pytest.raises(NumberTakenError):
        await agents.add_number(NUMBER)
    with pytest.raises(NumberTakenError):
        await agents.put_number(other.id, NUMBER)
    assert await agents.put_number(other.id, NumberSettings(phone_number="+14155550199")) == other


async def test_listings_are_in_order_of_creation(agents: AgentStore) -> None:
    """Agents and numbers come page by page, each once, with their total."""
    added = [await agents.add_agent(SETTINGS.model_copy(update={"ai_agent_name": f"A{n}"})) for n in range(5)]
    first = await agents.agents(page_size=3, page_token=None)
    second = await agents.agents(page_size=3, page_token=first.next_page_token)
    assert first.items + second.items == added
    assert (first.total, second.total, second.next_page_token) == (5, 5, None)
    number = await agents.add_number(NUMBER)
    assert (await agents.numbers(page_size=1, page_token=None)).items == [number]
    with pytest.raises(BadPageTokenError):
        await agents.numbers(page_size=1, page_token=first.next_page_token)
    with pytest.raises(BadPageTokenError):
        await agents.agents(page_size=1, page_token="nonsense")
