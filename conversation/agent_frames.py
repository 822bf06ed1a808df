"""The agent server's frames, by the custom-LLM websocket protocol."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from calls.words import Direction
from conversation.plan import ConversationPlan
from conversation.wire import WronglyTypedError, decode, encode, read_flag, read_object, read_text, read_whole


@dataclass(frozen=True, slots=True)
class Config:
    """What the server wants of us."""

    auto_reconnect: bool
    call_details: bool
    transcript_with_tool_calls: bool


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life."""


@dataclass(frozen=True, slots=True)
class Say:
    """A piece of the agent's speech: of an answer, or (`unasked`) of an `agent_interrupt`."""

    number: int
    unasked: bool
    content: str
    complete: bool
    no_interruption: bool
    end_call: bool
    transfer_number: str | None
    digits: str | None


@dataclass(frozen=True, slots=True)
class ToolInvoked:
    """The agent used a tool."""

    tool_call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """What the tool answered."""

    tool_call_id: str
    content: str


@dataclass(frozen=True, slots=True)
class UpdateAgent:
    """The server changes its reminders."""

    reminder_ms: int | None
    reminder_max: int | None


@dataclass(frozen=True, slots=True)
class Metadata:
    """The server's own words to whoever watches; `voicemail_detected: true` reports a voicemail box."""

    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A frame of a kind that the protocol does not have."""

    kind: str


AgentFrame = Config | Ping | Say | ToolInvoked | ToolAnswered | UpdateAgent | Metadata | Unknown

_DIGITS = re.compile(r"[0-9wW#*]{1,32}")


def parse_agent_frame(text: str) -> AgentFrame:
    """The frame in a text message; raises UndecodableError or WronglyTypedError."""
    frame = decode(text)
    kind = read_text(frame, "response_type") or "response"
    reader = _READERS.get(kind)
    return Unknown(kind) if reader is None else reader(frame)


def ping_frame(at_ms: int) -> str:
    """Our sign of life; `at_ms` is the wall clock in milliseconds."""
    return encode({"interaction_type": "ping_pong", "timestamp": at_ms})


def details_frame(plan: ConversationPlan) -> str:
    """Who is talking to whom."""
    call = {
        "call_type": "phone_call",
        "from_number": plan.from_number,
        "to_number": plan.to_number,
        "direction": Direction(plan.direction).value,
        "call_id": plan.call_id,
        "agent_id": plan.agent_id,
        "call_status": "ongoing",
        "metadata": dict(plan.metadata),
        "retell_llm_dynamic_variables": dict(plan.dynamic_variables),
    }
    return encode({"interaction_type": "call_details", "call": call})


def ask_frame(
    kind: Literal["response_required", "reminder_required"],
    response_id: int,
    transcript: Sequence[str],
    with_tools: Sequence[str] | None,
) -> str:
    """Asks for a turn; the transcripts are entries that are already JSON, so that a long call costs no more."""
    return f'{{"interaction_type":"{kind}","response_id":{response_id},{_transcripts(transcript, with_tools)}}}'


def update_frame(turn: Literal["agent_turn", "user_turn"], entries: Sequence[str], tools: Sequence[str] | None) -> str:
    """Tells the transcript and asks for nothing."""
    return f'{{"interaction_type":"update_only",{_transcripts(entries, tools)},"turntaking":"{turn}"}}'


def _transcripts(entries: Sequence[str], with_tools: Sequence[str] | None) -> str:
    plain = f'"transcript":[{",".join(entries)}]'
    return plain if with_tools is None else f'{plain},"transcript_with_tool_calls":[{",".join(with_tools)}]'


def _read_config(frame: dict[str, Any]) -> Config:
    config = read_object(frame, "config")
    return Config(
        read_flag(config, "auto_reconnect"),
        read_flag(config, "call_details"),
        read_flag(config, "transcript_with_tool_calls"),
    )


def _read_ping(_: dict[str, Any]) -> Ping:
    return Ping()


def _read_say(frame: dict[str, Any], name: str, *, unasked: bool) -> Say:
    number = read_whole(frame, name)
    if number is None:
        raise WronglyTypedError(f"{name} is missing")
    digits = read_text(frame, "digit_to_press") or None
    if digits is not None and not _DIGITS.fullmatch(digits):
        raise WronglyTypedError("digit_to_press has other than digits")
    return Say(
        number=number,
        unasked=unasked,
        content=read_text(frame, "content") or "",
        complete=read_flag(frame, "content_complete"),
        no_interruption=read_flag(frame, "no_interruption_allowed"),
        end_call=read_flag(frame, "end_call"),
        transfer_number=read_text(frame, "transfer_number") or None,
        digits=digits,
    )


def _read_response(frame: dict[str, Any]) -> Say:
    return _read_say(frame, "response_id", unasked=False)


def _read_interrupt(frame: dict[str, Any]) -> Say:
    return _read_say(frame, "interrupt_id", unasked=True)


def _read_invocation(frame: dict[str, Any]) -> ToolInvoked:
    return ToolInvoked(
        read_text(frame, "tool_call_id") or "", read_text(frame, "name") or "", read_text(frame, "arguments") or ""
    )


def _read_result(frame: dict[str, Any]) -> ToolAnswered:
    return ToolAnswered(read_text(frame, "tool_call_id") or "", read_text(frame, "content") or "")


def _read_update(frame: dict[str, Any]) -> UpdateAgent:
    config = read_object(frame, "agent_config")
    return UpdateAgent(read_whole(config, "reminder_trigger_ms"), read_whole(config, "reminder_max_count"))


def _read_metadata(frame: dict[str, Any]) -> Metadata:
    return Metadata(read_object(frame, "metadata"))


_READERS: dict[str, Callable[[dict[str, Any]], AgentFrame]] = {
    "config": _read_config,
    "ping_pong": _read_ping,
    "response": _read_response,
    "agent_interrupt": _read_interrupt,
    "tool_call_invocation": _read_invocation,
    "tool_call_result": _read_result,
    "update_agent": _read_update,
    "metadata": _read_metadata,
}
