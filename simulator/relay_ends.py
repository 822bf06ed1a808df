"""How a relay session can end, and what its action request says then."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RelayEnd:
    """How a session ended; ``close_code`` is what we close with, None for a socket that is gone."""

    status: str
    close_code: int | None = 1000
    close_reason: str = "Closing websocket session"
    error_code: int | None = None
    error_message: str = ""
    handoff: str | None = None
    action_after: tuple[float, float] = (0.17, 0.8)
    """Story seconds until the action request."""


COMPLETED = RelayEnd("completed")
LOST = RelayEnd("failed", None, error_code=64105, error_message="Websocket ended", action_after=(1.1, 1.3))
MALFORMED = RelayEnd(
    "failed",
    1007,
    "Too many consecutive malformed messages.",
    error_code=64105,
    error_message="Websocket ended",
    action_after=(0.15, 0.2),
)
UNREACHABLE = RelayEnd(
    "failed",
    None,
    error_code=39001,
    error_message="Network connection to WebSocket server failed.",
    action_after=(0.2, 0.4),
)
CROWDED = RelayEnd(
    "failed",
    None,
    error_code=64109,
    error_message="Too many ConversationRelay sessions",
    action_after=(0.2, 0.4),
)
DEAF = RelayEnd("failed", error_code=64114, error_message="Unable to connect to the transcription provider")
