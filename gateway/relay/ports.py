"""What a relay session needs of the world."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from calls.records import Message
from conversation.effects import Ended
from conversation.plan import ConversationPlan


class NotDeliveredError(Exception):
    """A report did not reach the call's owner; trying again can help."""


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """All that a session must know, also to go on where another one stopped.

    `carrier_call_id` is the one that holds the call's claim. `messages` are those stored so far.
    `wrap_up_at` is when the agent is told to come to an end, `wrap_up_seconds` before the call is ended.
    """

    conversation: ConversationPlan
    agent_url: str
    carrier_call_id: str
    messages: tuple[Message, ...] = ()
    wrap_up_at: datetime | None = None
    wrap_up_seconds: int = 15


class SessionStore(Protocol):
    """Where sessions find and keep what outlives them. Raises calls.ports.pages.StoreUnavailableError."""

    async def load(self, call_id: str, attempt_id: str) -> SessionPlan | None:
        """What to say and what was said; None when this attempt may not speak for the call, or the call is over."""
        ...

    async def append_message(self, call_id: str, message: Message) -> None:
        """Store an utterance, once; one whose seq another utterance has is stored after all others."""
        ...

    async def settle(self, call_id: str, relay_session_id: str) -> None:
        """This session is over, and all that it had to store is stored."""
        ...

    async def pulse(self, alive: Mapping[str, str], at: datetime) -> None:
        """Leave signs of life: the relay session ids of live calls, by call id."""
        ...


class Reporter(Protocol):
    """Tells the call's owner what happens. Each report may come more than once. Raises NotDeliveredError."""

    async def conversation_started(
        self, call_id: str, attempt_id: str, relay_session_id: str, carrier_call_id: str
    ) -> None:
        """The relay is up."""
        ...

    async def conversation_ended(self, call_id: str, attempt_id: str, ended: Ended, at: datetime) -> None:
        """The conversation found a reason to hang up, at that time: the report may be much later."""
        ...

    async def transfer_asked(self, call_id: str, request_id: str, to_number: str, at: datetime) -> bool:
        """The agent wants the callee put through; False when that number must not be rung: nobody was told."""
        ...

    async def voicemail_reported(self, call_id: str, attempt_id: str) -> None:
        """The agent says that a voicemail box answered; its end, with that reason, usually follows."""
        ...


class RelayVerifier(Protocol):
    """Tells the carrier's handshake from anybody's."""

    def verify(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether the handshake is the carrier's. `path` is raw, with its query; header names are lower case."""
        ...


class RelaySocket(Protocol):
    """The relay's websocket, accepted."""

    async def receive(self) -> str | bytes | None:
        """The next message, None once the relay closed."""
        ...

    async def send(self, text: str) -> None:
        """Send a text message; waits while the relay does not read. Does nothing once the relay closed."""
        ...

    async def close(self, code: int) -> None:
        """Close; closing twice is no error."""
        ...
