"""What commands work with: ports, never concrete classes; the wiring fills them in."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from temporalio.client import Client

from calls.call_object import Rendering
from calls.ports.agent_store import AgentStore
from calls.ports.archive import RecordingArchive
from calls.ports.call_store import CallStore
from calls.ports.delivery_store import DeliveryStore
from calls.ports.do_not_call import DoNotCallList
from calls.records import Message, StoredCall
from calls.screening import Screening
from gateway.temporal_control import TemporalCallControl
from runtime.command_line.exits import CommandError, Exit
from workflows.names import workflow_id
from workflows.placing import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The ports and addresses of one command. Nothing is connected before it is used."""

    calls: CallStore
    agents: AgentStore
    archive: RecordingArchive
    deliveries: DeliveryStore
    do_not_call: DoNotCallList
    engine: Callable[[], Awaitable[Client]]
    """Connects to Temporal when first asked. Raises EngineUnreachableError."""
    make_indexes: Callable[[], Awaitable[None]]
    """Makes sure of what the store promises (unique numbers) before something is added."""
    rendering: Rendering
    gives_access_tokens: bool
    """Whether this command line knows the secret that signs access tokens."""
    web_ui_of_namespace: str
    allow_insecure_agent_urls: bool
    screening: Screening

    async def known_call(self, call_id: str) -> StoredCall:
        """The call with this `call_id` or `_id`. Raises CommandError when there is none."""
        stored = await self.calls.find(call_id)
        if stored is None:
            raise CommandError(f"there is no call {call_id}", Exit.NOT_FOUND)
        return stored

    async def desk(self) -> Desk:
        """What placing a call needs. Raises EngineUnreachableError."""
        return Desk(await self.engine(), self.calls, self.agents, self.screening)

    async def control(self) -> TemporalCallControl:
        """Steers running calls. Raises EngineUnreachableError."""
        return TemporalCallControl(await self.desk())

    def web_ui(self, call_id: str) -> str:
        """Where people can look at a call's workflow."""
        return f"{self.web_ui_of_namespace}/workflows/{quote(workflow_id(call_id), safe='')}"

    def call_object(self, stored: StoredCall, messages: list[Message]) -> dict[str, Any]:
        """The call object of the HTTP API, and the address of its workflow's page."""
        call = self.rendering.call(stored, messages, datetime.now(UTC))
        if not self.gives_access_tokens:
            call["access_token"] = None
            call["recorded_call_audio_url"] = (call["recorded_call_audio_url"] or "").partition("?")[0] or None
        return {**call, "web_ui_url": self.web_ui(stored.order.call_id)}


OpenParts = Callable[[], AbstractAsyncContextManager[Parts]]
