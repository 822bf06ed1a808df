"""The agent server's socket, as the conversation's shell needs it."""

from typing import Protocol


class AgentUnreachableError(Exception):
    """No connection could be made; the text names the kind of failure and never the address."""


class AgentClosedError(Exception):
    """The connection is over. `code` is the websocket close code: 1005 none was given, 1006 it broke."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class AgentSocket(Protocol):
    """One open connection to an agent server."""

    async def receive(self) -> str | bytes:
        """The next message, text or binary. Raises AgentClosedError."""
        ...

    def send(self, text: str) -> None:
        """Queue a text message; it never waits. A server that takes nothing is cut off (1006)."""
        ...

    async def close(self, code: int) -> None:
        """Close, within a bounded time; closing twice is no error."""
        ...


class AgentConnector(Protocol):
    """Connects to agent servers."""

    async def connect(self, url: str, call_id: str) -> AgentSocket:
        """Open the socket of one call. Raises AgentUnreachableError."""
        ...
