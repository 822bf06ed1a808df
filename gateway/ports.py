"""What the gateway needs of the engine that runs the calls: place one, tell one a fact, end or transfer one."""

from collections.abc import Sequence
from enum import StrEnum, unique
from typing import Protocol

from calls.facts import Fact
from calls.model import CallOrder
from workflows.messages import Ack, EndRequest, TransferRequest


class EngineUnavailableError(Exception):
    """The engine did not answer in time; whether it did what was asked is unknown."""


class UnknownAgentError(Exception):
    """No such agent; the text names it and says what to do."""


class NumberNotBoundError(Exception):
    """No agent is bound to the number that should place the call; the text says what to do."""


class CallIdTakenError(Exception):
    """Another request holds this call id; `fields` are those in which the two differ."""

    def __init__(self, call_id: str, fields: Sequence[str]) -> None:
        super().__init__(f"call id {call_id} belongs to another request: {', '.join(fields)} differ")
        self.call_id = call_id
        self.fields = tuple(fields)


@unique
class Told(StrEnum):
    """What became of a fact that was sent to a call."""

    DELIVERED = "delivered"
    NO_SUCH_WORKFLOW = "no_such_workflow"


class CallControl(Protocol):
    """Steers the calls' workflows. Every method raises EngineUnavailableError."""

    async def place(self, order: CallOrder) -> None:
        """Register a call and have it dialled; nothing more when the same request was registered before.

        Raises UnknownAgent-, NumberNotBound- or CallIdTakenError.
        """
        ...

    async def tell(self, call_id: str, fact: Fact) -> Told:
        """Make a fact known to a call."""
        ...

    async def end(self, call_id: str, request: EndRequest) -> Ack:
        """Ask a call to end."""
        ...

    async def transfer(self, call_id: str, request: TransferRequest) -> Ack:
        """Ask a call to hand its callee over."""
        ...
