"""Agents and phone numbers, as their owners configure them."""

from enum import StrEnum, unique
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from calls.calling_hours import CallingHours
from calls.limits import WhenFull
from calls.policy import MAXIMUM_DURATION_BOUNDS, NO_INPUT_BOUNDS, RING_BOUNDS, SILENCE_BOUNDS, Policy


@unique
class VoicemailAction(StrEnum):
    """What to do when a machine answers."""

    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    IGNORE = "ignore"


class MachineDetection(BaseModel):
    """How the carrier tells people from machines, within its own bounds; None leaves it at its defaults.

    For people at home 1800 to 2000 ms of `speech_threshold_ms` and 1400 to 1500 of `speech_end_threshold_ms` are
    advised, for offices up to 3000 (Twilio's answering-machine detection guide).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_seconds: int | None = Field(default=None, ge=3, le=59)
    """How long the carrier listens before it gives up; None means the deployment's default."""
    speech_threshold_ms: int | None = Field(default=None, ge=1000, le=6000)
    """A greeting longer than this is a machine's; the carrier's default is 2400."""
    speech_end_threshold_ms: int | None = Field(default=None, ge=500, le=5000)
    """Silence after speech that ends a greeting; the carrier's default is 1200."""
    silence_timeout_ms: int | None = Field(default=None, ge=2000, le=10000)
    """Silence at the beginning after which the verdict is unknown; the carrier's default is 5000."""


class Voicemail(BaseModel):
    """An agent's policy for answering machines. `message` is spoken after the beep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: VoicemailAction = VoicemailAction.HANG_UP
    message: str | None = Field(default=None, max_length=2000)
    detection: MachineDetection = MachineDetection()


def _websocket_url(url: str) -> str:
    if not url.startswith(("ws://", "wss://", "http://", "https://")):
        raise ValueError("must start with wss://, ws://, https:// or http://")
    return url


E164 = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164: + and 7 to 15 digits")]


MULTI = "multi"
"""The language of an agent whose callees may speak any of several."""


class SpokenLanguage(BaseModel):
    """A further language that a callee may speak, and how it is understood and spoken; None: the carrier's default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str = Field(min_length=2, max_length=35)
    voice: str | None = Field(default=None, max_length=200)
    tts_provider: str | None = Field(default=None, max_length=100)
    transcription_provider: str | None = Field(default=None, max_length=100)
    speech_model: str | None = Field(default=None, max_length=100)


class AgentSettings(BaseModel):
    """What the owner of an agent may set. Durations are in seconds; None means the deployment's default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ai_agent_name: str = Field(min_length=1, max_length=200)
    llm_websocket_url: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_websocket_url)]
    welcome_message: str | None = Field(default=None, max_length=2000)
    language: str = Field(default="en-US", max_length=35)
    voice: str | None = Field(default=None, max_length=200)
    tts_provider: str | None = Field(default=None, max_length=100)
    transcription_provider: str | None = Field(default=None, max_length=100)
    speech_model: str | None = Field(default=None, max_length=100)
    other_languages: tuple[SpokenLanguage, ...] = Field(default=(), max_length=20)
    """Languages that the agent answers in when it is spoken to in them; needs `language: multi` to be told apart."""
    end_call_after_silence_seconds: float | None = Field(default=None, ge=SILENCE_BOUNDS.least, le=SILENCE_BOUNDS.most)
    no_input_seconds: float | None = Field(default=None, ge=NO_INPUT_BOUNDS.least, le=NO_INPUT_BOUNDS.most)
    max_call_duration_seconds: float | None = Field(
        default=None, ge=MAXIMUM_DURATION_BOUNDS.least, le=MAXIMUM_DURATION_BOUNDS.most
    )
    ring_timeout_seconds: float | None = Field(default=None, ge=RING_BOUNDS.least, le=RING_BOUNDS.most)
    voicemail: Voicemail = Voicemail()
    webhook_url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://")
    record: bool = True
    record_transferred: bool = False
    """Whether a recording goes on when the callee was put through to somebody else."""
    transfer_allow_list: tuple[E164, ...] | None = Field(default=None, max_length=1000)
    """Numbers a call may be transferred to; None allows any, an empty list none."""
    max_simultaneous_calls: int | None = Field(default=None, ge=1, le=100_000)
    """How many calls of this agent may be up at once; None is no limit of its own."""
    when_full: WhenFull | None = None
    """What becomes of this agent's calls when any limit leaves them no room; None means the deployment's policy."""
    calling_hours: CallingHours | None = None
    """When this agent's callees may be rung, by their own clocks; None means the deployment's hours."""

    @property
    def message_language(self) -> str | None:
        """The one language of words that nobody answers; None is the carrier's own choice."""
        if self.language != MULTI:
            return self.language
        return self.other_languages[0].language if self.other_languages else None

    def policy(self, defaults: Policy) -> Policy:
        """The timers of this agent's calls: its own numbers over the deployment's."""
        own = {
            "ring_seconds": self.ring_timeout_seconds,
            "silence_seconds": self.end_call_after_silence_seconds,
            "no_input_seconds": self.no_input_seconds,
            "maximum_duration_seconds": self.max_call_duration_seconds,
            "machine_detection_seconds": self.voicemail.detection.timeout_seconds,
        }
        return defaults.model_copy(update={name: value for name, value in own.items() if value is not None})


class Agent(AgentSettings):
    """A stored agent. `ai_agent_id` is 24 hex digits."""

    ai_agent_id: str


NOBODY = Agent(ai_agent_id="", ai_agent_name="nobody", llm_websocket_url="wss://nobody.invalid")
"""The agent of a call that came in and that no agent could be found for: its record says so."""


class NumberSettings(BaseModel):
    """What the owner of a phone number may set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phone_number: E164
    nickname: str | None = Field(default=None, max_length=200)
    outbound_ai_agent_id: str | None = None
    inbound_ai_agent_id: str | None = None
    inbound_webhook_url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://")
    """Asked about every call to this number before anybody answers it; None asks nobody."""


class PhoneNumber(NumberSettings):
    """A stored phone number. `id` is 24 hex digits."""

    id: str
