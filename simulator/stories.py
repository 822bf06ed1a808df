"""What a callee does, as data: one story per dialled number."""

from enum import StrEnum, unique
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from simulator.errors import ERRORS

Seconds = Annotated[float, Field(ge=0)]


def _known_error(code: int) -> int:
    if code not in ERRORS:
        raise ValueError(f"{code} is no error of the API here: {', '.join(map(str, ERRORS))}")
    return code


ErrorCode = Annotated[int, AfterValidator(_known_error)]


class Scripted(BaseModel):
    """Frozen, and refuses names it does not know: a typo in a story must not pass silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@unique
class Outcome(StrEnum):
    """How the dialling of a number ends."""

    ANSWER = "answer"
    BUSY = "busy"
    RING_OUT = "ring_out"
    """Nobody picks up: rings until the dialler's Timeout."""
    FAIL = "fail"
    STUCK = "stuck"
    """Never leaves the carrier's queue."""
    VANISH = "vanish"
    """Reported as completed although nobody answered, without a SIP code."""


@unique
class RelayTrouble(StrEnum):
    """What is wrong between the carrier and the application's relay socket."""

    NONE = "none"
    MUTE = "mute"
    """The carrier neither connects nor says why: the call is up, its audio never."""
    REFUSED = "refused"
    """The socket cannot be reached: 64102 in the log, 39001 in the action."""
    CROWDED = "crowded"
    """All relays of the account are taken: 64109, nothing is connected."""
    GARBLED = "garbled"
    """After the setup come only frames that nobody can read."""
    DEAF = "deaf"
    """Speech recognition cannot be reached once the callee should be heard: 64114."""


@unique
class Cue(StrEnum):
    """What a line waits for."""

    AGENT_TURN = "agent_turn"
    """The agent has finished talking."""
    AGENT_SPEAKING = "agent_speaking"
    """The agent has been talking for ``after_ms``: a barge-in."""
    ANSWER = "answer"
    """The relay is up, whoever talks: a machine's greeting, a caller's hello."""
    PREVIOUS = "previous"
    """The line before this one is over."""


class Line(Scripted):
    """One thing a callee says or keys in. ``delay_seconds`` is the breath taken after the cue."""

    text: str = ""
    digits: str = ""
    cue: Cue = Cue.AGENT_TURN
    delay_seconds: Seconds = 0.6
    after_ms: int = 700
    lang: str = "en-US"


@unique
class Ear(StrEnum):
    """What the machine detection hears."""

    HUMAN = "human"
    MACHINE = "machine"
    FAX = "fax"
    UNKNOWN = "unknown"


class Verdict(Scripted):
    """What machine detection says of this callee, and when (story seconds after the answer)."""

    hears: Ear = Ear.HUMAN
    delay_seconds: Seconds = 3.2
    beep: bool = False
    end_of_greeting_seconds: Seconds = 6.0
    """When a DetectMessageEnd verdict of a machine comes."""
    missing: bool = False
    """The verdict never comes."""


class Story(Scripted):
    """Everything one callee does. Seconds are story seconds."""

    name: str
    create_error: ErrorCode | None = None
    """Create answers with this error and accepts nothing."""
    outcome: Outcome = Outcome.ANSWER
    rings: bool = True
    """False: the network refuses before anything rings."""
    ring_seconds: Seconds = 3.0
    sip_code: int = 200
    lines: tuple[Line, ...] = ()
    hang_up_after_lines: Seconds | None = None
    """Hang up so long after the last line; None: wait for the other side."""
    hang_up_after_seconds: Seconds | None = None
    """Hang up so long after the answer, whatever goes on."""
    talk_seconds: Seconds = 8.0
    """As the target of a transfer: hang up so long after being bridged."""
    verdict: Verdict = Verdict()
    relay: RelayTrouble = RelayTrouble.NONE
    relay_drops_after_seconds: Seconds | None = None
    """The carrier loses its relay socket so long after it was set up."""
    relay_drops: int = Field(1, ge=0)
    """How many of the call's relay sockets it loses so."""
