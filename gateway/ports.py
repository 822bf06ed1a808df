"""What the gateway needs of the engine that runs the calls: place one, tell one a fact, end or transfer one."""

from enum import StrEnum, unique
from typing import Protocol

from calls.facts import Fact
from calls.model import CallOrder, TurnedAway
from workflows.messages import Ack, EndRequest, TransferRequest
from workflows.placing import Placed


class EngineUnavailableError(Exception):
    """The engine did not answer in time; whether it did what was asked is unknown."""


@unique
class Told(StrEnum):
    """What became of a fact that was sent to a call."""

    DELIVERED = "delivered"
    NO_SUCH_WORKFLOW = "no_such_workflow"


class CallControl(Protocol):
    """Steers the calls' workflows. Every method but `place` and `cancel_redials` raises EngineUnavailableError."""

    async def place(self, order: CallOrder) -> Placed:
        """Register a call and have it dialled. Raises PlacingError, and then it never will be."""
        ...

    async def turn_away(self, order: CallOrder, why: TurnedAway) -> None:
        """Have a call that came in recorded as turned away, as soon as that is possible; a running story is told it."""
        ...

    async def tell(self, call_id: str, fact: Fact) -> Told:
        """Make a fact known to a call."""
        ...

    async def take_up(self, order: CallOrder, fact: Fact) -> None:
        """Have a call that ended taken up again for a fact that its record lacks; a running story is told it."""
        ...

    async def end(self, call_id: str, request: EndRequest) -> Ack:
        """Ask a call to end."""
        ...

    async def transfer(self, call_id: str, request: TransferRequest) -> Ack:
        """Ask a call to hand its callee over."""
        ...

    async def cancel_redials(self, order: CallOrder) -> Ack:
        """Take back the redial that is still to come after a call, or after the call that it is a redial of.

        Needs the store alone. Raises StoreUnavailableError, and never EngineUnavailableError.
        """
        ...

    async def deliver_webhooks(self, call_id: str) -> None:
        """Have the webhooks that wait for a call delivered, call or no call."""
        ...
