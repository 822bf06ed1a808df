"""What the model is told: who it is, what was said so far, and which tools it has."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DEFAULT_PROMPT = (
    "You are a friendly agent of Oak Street Clinic and speak with a patient on the phone, to remind them of their "
    "appointment tomorrow at ten. They can keep it or move it to Thursday at three. Ask one thing at a time, in one "
    "or two short spoken sentences without lists, markup or emoji. Text in parentheses is a note from the telephone "
    "system, not speech. Use end_call when the talk is over, when you reached a voicemail box or when a note says "
    "that the call must end."
)
END_CALL, TRANSFER = "end_call", "transfer"
HISTORY_ENTRIES = 40  # of the transcript that the model is given; a phone call's last minutes
HISTORY_CHARACTERS = 12_000

GREET = "(The callee has just picked up the phone. Say your first words.)"
REMIND = "(The callee has been silent for a while. Ask whether they are still there, or help them along.)"


@dataclass(frozen=True, slots=True)
class Brief:
    """How one agent is to behave. Without `greeting` the model finds the first words itself."""

    prompt: str = DEFAULT_PROMPT
    greeting: str | None = None
    transfer_number: str | None = None


def messages(
    brief: Brief, known: Mapping[str, Any], transcript: Sequence[Mapping[str, Any]], note: str | None = None
) -> list[dict[str, str]]:
    """The chat so far for the model; the oldest part of a long call is left out."""
    system = brief.prompt
    if known:
        system += f"\n\nKnown about this call: {json.dumps(dict(known), ensure_ascii=False)}"
    roles = {"agent": "assistant", "user": "user"}
    told = [
        {"role": roles[entry["role"]], "content": str(entry["content"])}
        for entry in transcript
        if entry.get("role") in roles and entry.get("content")
    ]
    asked = [{"role": "user", "content": note}] if note else []
    return [{"role": "system", "content": system}, *_recent(told), *asked]


def _recent(told: list[dict[str, str]]) -> list[dict[str, str]]:
    kept: list[dict[str, str]] = []
    room = HISTORY_CHARACTERS
    for entry in reversed(told[-HISTORY_ENTRIES:]):
        room -= len(entry["content"])
        if room < 0 and kept:
            break
        kept.append(entry)
    return kept[::-1]


def tools(*, may_transfer: bool) -> list[dict[str, Any]]:
    """The tools that the model may use; it can put through to one number only, which it does not choose."""
    offered = [_tool(END_CALL, "Hang up, after your last words were spoken.")]
    if may_transfer:
        offered.append(_tool(TRANSFER, "Put the callee through to a human colleague."))
    return offered


def _tool(name: str, what: str) -> dict[str, Any]:
    say = {"type": "string", "description": "What you say to the callee before that. Do not write it as text as well."}
    parameters = {"type": "object", "properties": {"say": say}, "required": ["say"]}
    return {"type": "function", "function": {"name": name, "description": what, "parameters": parameters}}
