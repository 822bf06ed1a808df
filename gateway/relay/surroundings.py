"""What every relay session of a process has around it: ports, numbers, clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from conversation.agent_port import AgentConnector
from gateway.relay.outbox import BackOff
from gateway.relay.ports import Reporter, SessionStore


@dataclass(frozen=True, slots=True)
class SessionPacing:
    """Seconds; the numbers of the shell, not of the talk."""

    pulse_every: float = 5.0
    setup_within: float = 10.0
    hangup_grace: float = 5.0  # how long the carrier may take to hang up after the end before we end the relay
    leave_grace: float = 2.0  # how long the carrier may take to close a relay that we ended for another process
    flush_messages: float = 5.0  # how long the report of the end waits for messages to be stored
    flush_at_close: float = 180.0  # an engine that restarts under load may take a minute; then the truth is lost
    back_off: BackOff = field(default_factory=BackOff)


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The ports of a session, its pacing, and the wall clock."""

    store: SessionStore
    reporter: Reporter
    connector: AgentConnector
    pacing: SessionPacing = field(default_factory=SessionPacing)
    wall: Callable[[], datetime] = wall_clock
