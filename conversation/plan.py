"""What a conversation is told before it starts: whom it is between, and how long its patience is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calls.words import Direction


@dataclass(frozen=True, slots=True)
class Pacing:
    """The numbers of the talk that no caller sets; a test may run them faster.

    Seconds unless the name says otherwise. The first block is the agent protocol's own.
    """

    connect_attempts: int = 3
    connect_pause: float = 3.0
    ping_every: float = 2.0
    ping_lapse: float = 5.0
    lapse_reconnects: int = 2
    broken_reconnects: int = 4
    bad_frames: int = 10

    turn_characters: int = 20_000  # half an hour of speech; a turn that is longer is cut there

    characters_per_second: float = 14.0  # the relay's speech, roughly; only used where it does not tell
    playback_slack: float = 3.0  # what speech may take beyond the estimate before it counts as over
    quiet_grace: float = 1.5  # after `agentSpeaking off`: longer than the relay takes to begin what it was just sent
    config_grace: float = 0.5  # how long a fresh agent socket may keep us waiting for its config before we ask
    note_patience: float = 5.0  # how long a note waits for the agent's sentence to end
    resume_patience: float = 60.0  # how long, after a reconnect, the words already sent may take to be spoken
    digit_pause: float = 1.5  # a pause after which pressed keys are one input
    words_grace: float = 1.5  # how long after the callee's voice the words of it may come (0.35 s on real calls)
    wordless_pause: float = 4.0  # an interruption without words counts as unintelligible after this
    callee_may_talk: float = 120.0  # a lost `clientSpeaking off` must not switch the silence timers off
    transfer_patience: float = 60.0  # the relay closes when a transfer begins; if it stays up, the transfer failed
    first_words_grace: float = 5.0  # no_audio_input never strikes before the callee had this long to answer


@dataclass(frozen=True, slots=True)
class ConversationPlan:
    """One call's talk, as configured.

    `transfer_allowed` None allows any number. `welcome_message` is spoken by us instead of the agent
    server's first words.
    """

    call_id: str
    from_number: str
    to_number: str
    agent_id: str
    direction: Direction = Direction.OUTBOUND
    metadata: Mapping[str, Any] = field(default_factory=dict)
    dynamic_variables: Mapping[str, Any] = field(default_factory=dict)
    welcome_message: str | None = None
    language: str = "en-US"
    other_languages: tuple[str, ...] = ()
    silence_seconds: float = 600.0
    no_input_seconds: float = 60.0
    turn_watchdog_seconds: float = 15.0
    reminder_ms: int = 10_000
    reminder_max: int = 1
    transfer_allowed: frozenset[str] | None = None
    interruptible: bool = True
    pacing: Pacing = field(default_factory=Pacing)
