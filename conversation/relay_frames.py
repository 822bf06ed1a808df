"""The relay's frames: what the carrier tells us of the callee and of our own speech, and what we send to be spoken."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conversation.wire import WronglyTypedError, decode, encode, read_object, read_text


@dataclass(frozen=True, slots=True)
class Setup:
    """The relay is up."""

    relay_session_id: str
    carrier_call_id: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prompt:
    """The callee said something; until `last`, each prompt repeats and extends the one before."""

    words: str
    last: bool
    language: str = ""


@dataclass(frozen=True, slots=True)
class Digit:
    """The callee pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The callee cut the agent off; everything queued is gone."""

    spoken: str


@dataclass(frozen=True, slots=True)
class RelayError:
    """The relay complains; `code` is the carrier's error code where the text names one."""

    description: str
    code: int | None


@dataclass(frozen=True, slots=True)
class AgentSpeaking:
    """Our speech began or stopped."""

    on: bool


@dataclass(frozen=True, slots=True)
class CalleeSpeaking:
    """The callee's voice began or stopped."""

    on: bool


@dataclass(frozen=True, slots=True)
class TokensPlayed:
    """This much more of what we sent was spoken."""

    words: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame that asks for nothing, also one of a kind that is newer than this code."""

    kind: str


RelayFrame = Setup | Prompt | Digit | Interrupt | RelayError | AgentSpeaking | CalleeSpeaking | TokensPlayed | Ignored

_KEYS = frozenset("0123456789*#ABCD")
_CODE = re.compile(r"code:?\s*(\d{5})\b", re.IGNORECASE)


def parse_relay_frame(text: str) -> RelayFrame:
    """The frame in a text message; raises UndecodableError or WronglyTypedError."""
    frame = decode(text)
    kind = _need(frame, "type")
    reader = _READERS.get(kind)
    return Ignored(kind) if reader is None else reader(frame)


def text_frame(token: str, *, last: bool, interruptible: bool, language: str | None = None) -> str:
    """Words to speak; without a language, in the relay's own.

    Always preemptible: the next talk cycle, which only starts when this one is stale or the agent
    interrupts itself, may cut it.
    """
    frame = {"type": "text", "token": token, "last": last, "interruptible": interruptible, "preemptible": True}
    return encode(frame if language is None else {**frame, "lang": language})


def digits_frame(digits: str) -> str:
    """Keys to press, played after what was sent before."""
    return encode({"type": "sendDigits", "digits": digits})


def end_frame(handoff: str) -> str:
    """Ends the relay session; `handoff` reaches the Connect action verbatim."""
    return encode({"type": "end", "handoffData": handoff})


def _need(frame: dict[str, Any], name: str) -> str:
    value = read_text(frame, name)
    if value is None:
        raise WronglyTypedError(f"{name} is missing")
    return value


def _read_setup(frame: dict[str, Any]) -> Setup:
    return Setup(_need(frame, "sessionId"), _need(frame, "callSid"), read_object(frame, "customParameters"))


def _read_prompt(frame: dict[str, Any]) -> Prompt:
    # `last` is only absent where partial prompts are off, and then every prompt is the last.
    return Prompt(_need(frame, "voicePrompt"), frame.get("last") is not False, read_text(frame, "lang") or "")


def _read_digit(frame: dict[str, Any]) -> Digit:
    digit = _need(frame, "digit")
    if digit not in _KEYS:
        raise WronglyTypedError("digit is no key")
    return Digit(digit)


def _read_interrupt(frame: dict[str, Any]) -> Interrupt:
    return Interrupt(read_text(frame, "utteranceUntilInterrupt") or "")


def _read_error(frame: dict[str, Any]) -> RelayError:
    description = read_text(frame, "description") or ""
    found = _CODE.search(description)
    return RelayError(description, int(found[1]) if found else None)


def _read_info(frame: dict[str, Any]) -> RelayFrame:
    name = _need(frame, "name")
    if name == "tokensPlayed":
        return TokensPlayed(_need(frame, "value"))
    if name == "agentSpeaking":
        return AgentSpeaking(_need(frame, "value") == "on")
    if name == "clientSpeaking":
        return CalleeSpeaking(_need(frame, "value") == "on")
    return Ignored(name)


_READERS: dict[str, Callable[[dict[str, Any]], RelayFrame]] = {
    "setup": _read_setup,
    "prompt": _read_prompt,
    "dtmf": _read_digit,
    "interrupt": _read_interrupt,
    "error": _read_error,
    "info": _read_info,
}
