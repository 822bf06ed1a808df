"""The ports of a relay session in memory: one documented fake each."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from calls.ports.pages import StoreUnavailableError
from calls.records import Message
from conversation.effects import Ended
from gateway.relay.ports import NotDeliveredError, SessionPlan


class MemorySessionStore:
    """Keeps messages by seq; `failures` makes that many writes fail first."""

    def __init__(self) -> None:
        self.plans: dict[tuple[str, str], SessionPlan] = {}
        self.messages: dict[str, dict[int, Message]] = {}
        self.writes = 0
        self.failures = 0
        self.pulses: list[str] = []
        self.is_down = False
        self.settled: list[str] = []
        self.delays: list[asyncio.Event] = []
        """What the next loads wait for, one each."""

    async def load(self, call_id: str, attempt_id: str) -> SessionPlan | None:
        if self.is_down:
            raise StoreUnavailableError("down")
        if self.delays:
            await self.delays.pop(0).wait()
        plan = self.plans.get((call_id, attempt_id))
        return None if plan is None else replace(plan, messages=tuple(self.said(call_id)))

    async def append_message(self, call_id: str, message: Message) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("not now")
        self.writes += 1
        self.messages.setdefault(call_id, {}).setdefault(message.seq, message)

    async def settle(self, call_id: str, relay_session_id: str) -> None:
        if self.is_down:
            raise StoreUnavailableError("down")
        self.settled.append(relay_session_id)

    async def pulse(self, alive: Mapping[str, str], at: datetime) -> None:
        if self.is_down:
            raise StoreUnavailableError("down")
        self.pulses.extend(alive.values())

    def said(self, call_id: str) -> list[Message]:
        """The messages in order."""
        return [message for _, message in sorted(self.messages.get(call_id, {}).items())]


class MemoryReporter:
    """Queues reports as tuples whose first item is the kind; `failures` makes that many fail first.

    With `refuses_transfers` every transfer is one that screening refuses.
    """

    def __init__(self) -> None:
        self.reports: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        self.refuses_transfers = False
        self.failures = 0

    async def conversation_started(
        self, call_id: str, attempt_id: str, relay_session_id: str, carrier_call_id: str
    ) -> None:
        self._put("started", call_id, attempt_id, relay_session_id, carrier_call_id)

    async def conversation_ended(self, call_id: str, attempt_id: str, ended: Ended, at: datetime) -> None:
        self._put("ended", call_id, ended)

    async def transfer_asked(self, call_id: str, request_id: str, to_number: str, at: datetime) -> bool:
        if not self.refuses_transfers:
            self._put("transfer", call_id, request_id, to_number)
        return not self.refuses_transfers

    async def voicemail_reported(self, call_id: str, attempt_id: str) -> None:
        self._put("voicemail", call_id)

    async def wait_for(self, kind: str) -> tuple[Any, ...]:
        """The next report of a kind; others before it are dropped."""
        async with asyncio.timeout(10):
            while True:
                report = await self.reports.get()
                if report[0] == kind:
                    return report

    def _put(self, *report: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise NotDeliveredError("not now")
        self.reports.put_nowait(report)


class HeaderVerifier:
    """Takes handshakes that carry the header `x-signature: good`."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def verify(self, path: str, headers: Mapping[str, str]) -> bool:
        self.paths.append(path)
        return headers.get("x-signature") == "good"
