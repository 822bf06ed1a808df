"""Tells stories on a running stack, all at once, and says what came of each."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import aiohttp

from bench.reasons.agent_servers import misbehaving
from bench.reasons.customer import Customer, RefusedError, customer
from bench.reasons.story import NOBODY, Story
from calls.facts import EvidenceValue
from calls.ports.call_store import CallStore
from calls.ports.pages import StoreUnavailableError
from calls.reasons import REASONS
from runtime.embedded.stack import Addresses
from runtime.wiring.records import opened_records

WITHIN_SECONDS = 60.0
"""How long a story may take, from the dial to the record."""
_BETWEEN_DIALS_SECONDS = 0.2
"""So that the stories do not all begin in the same second: they are about how calls end."""
_OVER_WITHIN_SECONDS = 30.0
"""How long after the record's end the carrier's call may go on: our hangup, or the talk after a transfer."""
_ASK_EVERY_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was recorded of one story, beside what the carrier's ledger says."""

    story: Story
    call_id: str
    reason: str | None
    status: str
    by: str | None
    phase: str | None
    hung_up_by: str | None
    evidence: dict[str, EvidenceValue]
    error: str = ""
    """Why the story could not be told to its end."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is not as the story has it; empty when it all is."""
        if self.error:
            return (self.error,)
        story = self.story
        row = REASONS[story.reason]
        lacks = [name for name in story.evidence if name not in self.evidence]
        kept = {
            f"reason {self.reason}": self.reason == story.reason,
            f"status {self.status}": self.status == row.status,
            f"phase {self.phase}": self.phase in row.phases,
            f"hung up by {self.hung_up_by}": self.hung_up_by in story.ended_by,
            f"no {', '.join(lacks)}": not lacks,
        }
        return tuple(fault for fault, is_kept in kept.items() if not is_kept)


async def tell(stories: Sequence[Story], addresses: Addresses) -> list[Outcome]:
    """Every story's outcome, in the order of the stories; one that cannot be told to its end is one with a fault."""
    async with (
        customer(addresses) as somebody,
        misbehaving() as servers,
        opened_records(addresses.mongodb_uri, addresses.mongodb_database) as records,
        asyncio.TaskGroup() as group,
    ):
        teller = _Teller(somebody, servers, addresses.agent_llm_url, records)
        told = [
            group.create_task(outcome_of(story, teller.tell(story, after=position * _BETWEEN_DIALS_SECONDS)))
            for position, story in enumerate(stories)
        ]
    return [task.result() for task in told]


async def outcome_of(story: Story, telling: Awaitable[Outcome]) -> Outcome:
    """What came of a story; of one that broke off, why, so that the others are told all the same."""
    try:
        return await telling
    except (RefusedError, LookupError, StoreUnavailableError, aiohttp.ClientError, TimeoutError) as error:
        return Outcome(
            story=story,
            call_id="",
            reason=None,
            status="unknown",
            by=None,
            phase=None,
            hung_up_by=None,
            evidence={},
            error=f"{type(error).__name__}: {error}",
        )


class _Teller:
    def __init__(self, somebody: Customer, servers: str, example: str, records: CallStore) -> None:
        self._customer = somebody
        self._servers = servers
        self._example = example
        self._records = records

    async def tell(self, story: Story, *, after: float) -> Outcome:
        await asyncio.sleep(after)
        call_id = await self._begin(story)
        call = await self._customer.ended(call_id, WITHIN_SECONDS)
        hung_up_by = await self._who_hung_up(story, call_id)
        stored = await self._records.find(call_id)
        if stored is None:
            raise LookupError(f"call {call_id} is not in the store")
        known = stored.progress
        return Outcome(
            story=story,
            call_id=call_id,
            reason=call["call_finish_reason"],
            status=call["call_status"],
            by=known.by,
            phase=known.phase,
            hung_up_by=hung_up_by,
            evidence=known.evidence,
        )

    async def _begin(self, story: Story) -> str:
        if story.inbound_webhook is not None:
            return await self._customer.is_called(story.to_number, story.inbound_webhook)
        if story.script:
            await self._customer.teach(story.to_number, {"name": story.name, **story.script})
        server = self._example if story.server is None else f"{self._servers}/{story.server}"
        agent_id = await self._customer.make_agent(story.name, {"llm_websocket_url": server, **story.agent})
        return await self._customer.dial(story.to_number, agent_id)

    async def _who_hung_up(self, story: Story, call_id: str) -> str | None:
        """Who ended the carrier's call, once it is over and our record knows it; None when it does not end.

        Of a caller who was turned away the record is told only after the time for the message: the ledger must do.
        """
        try:
            async with asyncio.timeout(_OVER_WITHIN_SECONDS):
                while True:
                    stored = await self._records.find(call_id)
                    if stored is not None and (stored.progress.over or story.inbound_webhook):
                        by = await self._by(story, stored.progress.carrier_call_id)
                        if by is not None:
                            return by
                    await asyncio.sleep(_ASK_EVERY_SECONDS)
        except TimeoutError:
            return None

    async def _by(self, story: Story, carrier_call_id: str | None) -> str | None:
        """Who hung up, in the ledger's words; None while nobody has."""
        legs = [leg for leg in await self._customer.ledger(story.to_number) if leg["sid"] == carrier_call_id]
        return legs[-1]["hung_up_by"] or None if legs else NOBODY
