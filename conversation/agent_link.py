"""The connection to the agent server: keep-alives, reconnects, and what each way of losing it means.

Rules of this file
1. Every loss is answered by exactly one of: connect again, the agent left, the conversation ends.
2. The counts are per call, so a server that keeps failing is given up.
"""

from dataclasses import dataclass

from calls.reasons import FinishReason
from conversation.effects import ConnectAgent, Ended, ended
from conversation.plan import Pacing

NORMAL, NO_CODE, BROKEN, NOT_TEXT = 1000, 1005, 1006, 1007


@dataclass(frozen=True, slots=True)
class AgentLeft:
    """The server closed the socket properly: the agent hung up."""


Loss = ConnectAgent | AgentLeft | Ended

_CLOSED: dict[int, FinishReason] = {
    NO_CODE: FinishReason.LLM_WEBSOCKET_INITIALIZATION_ERROR,
    NOT_TEXT: FinishReason.LLM_WEBSOCKET_PAYLOAD_CORRUPTION,
}


class AgentLink:
    """The state of one call's connection; `now` is monotonic seconds."""

    __slots__ = (
        "_bad_frames",
        "_breaks",
        "_failures",
        "_heard_at",
        "_is_greeted",
        "_lapses",
        "_opened_at",
        "_pacing",
        "_ping_at",
        "_was_open",
        "dropped_frames",
        "is_open",
    )

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self.is_open = False
        self.dropped_frames = 0
        self._was_open = False
        self._failures = 0
        self._lapses = 0
        self._breaks = 0
        self._bad_frames = 0
        self._opened_at = 0.0
        self._heard_at = 0.0
        self._is_greeted = False
        self._ping_at: float | None = None  # None: the server wants no keep-alives

    def opened(self, now: float) -> None:
        """The socket is open."""
        self.is_open = self._was_open = True
        self._is_greeted = False
        self._failures = self._bad_frames = 0
        self._opened_at = self._heard_at = now
        self._ping_at = None

    @property
    def takes_asks(self) -> bool:
        """Whether the server may be asked: it spoke first (its config comes first), or had its chance to."""
        return self.is_open and self._is_greeted

    def wait_over(self, now: float) -> None:
        """A server that sends no config is not waited for any longer than the grace."""
        if self.is_open and now >= self._opened_at + self._pacing.config_grace:
            self._is_greeted = True

    def heard(self) -> None:
        """A good frame came."""
        self._is_greeted = True
        self._bad_frames = 0

    def pinged(self, now: float) -> None:
        """The server's keep-alive came."""
        self._heard_at = now

    def keep_alive(self, now: float, *, wanted: bool) -> None:
        """The server's config says whether keep-alives run."""
        self._heard_at = now
        self._ping_at = now if wanted else None

    def ping_is_due(self, now: float) -> bool:
        """Whether to send our keep-alive now."""
        if not self.is_open or self._ping_at is None or now < self._ping_at:
            return False
        self._ping_at = now + self._pacing.ping_every
        return True

    def failed(self, error: str) -> Loss:
        """A connection could not be made."""
        self._failures += 1
        if self._failures < self._pacing.connect_attempts:
            return ConnectAgent(self._pacing.connect_pause)
        reason = (
            FinishReason.LLM_WEBSOCKET_CONNECTION_LOST
            if self._was_open
            else FinishReason.LLM_WEBSOCKET_INITIALIZATION_ERROR
        )
        return ended(reason, attempts=self._failures, error=error)

    def closed(self, code: int) -> Loss:
        """The server, or the network, closed the socket."""
        self.is_open = False
        if code == NORMAL:
            return AgentLeft()
        if code != BROKEN:
            return ended(_CLOSED.get(code, FinishReason.LLM_WEBSOCKET_RUNTIME_ERROR), close_code=code)
        self._breaks += 1
        if self._breaks <= self._pacing.broken_reconnects:
            return ConnectAgent(0)
        return ended(FinishReason.LLM_WEBSOCKET_RUNTIME_ERROR, close_code=code, reconnects=self._breaks - 1)

    def lapse(self, now: float) -> Loss | None:
        """What follows when keep-alives stopped; the socket is to be closed then."""
        if not self.is_open or self._ping_at is None or now < self._heard_at + self._pacing.ping_lapse:
            return None
        self.is_open = False
        self._lapses += 1
        if self._lapses <= self._pacing.lapse_reconnects:
            return ConnectAgent(0)
        return ended(FinishReason.LLM_WEBSOCKET_CONNECTION_LOST, timer="keep-alive", reconnects=self._lapses - 1)

    def undecodable(self) -> Ended | None:
        """A text frame made no sense; too many in a row end the conversation."""
        self.dropped_frames += 1
        self._bad_frames += 1
        if self._bad_frames < self._pacing.bad_frames:
            return None
        return ended(FinishReason.LLM_WEBSOCKET_PAYLOAD_CORRUPTION, bad_frames=self._bad_frames)

    def deadlines(self) -> list[float | None]:
        """When the link next needs a tick."""
        if not self.is_open:
            return []
        asks = None if self._is_greeted else self._opened_at + self._pacing.config_grace
        lapse = None if self._ping_at is None else self._heard_at + self._pacing.ping_lapse
        return [asks, self._ping_at, lapse]
