"""How calls and messages look as MongoDB documents, and back.

What clients and agent servers may fill freely (metadata, dynamic data, a message's extras) is kept as JSON text:
BSON has no integers beyond 64 bits, no lone surrogates, and trouble with `$` and dots in keys.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from adapters.mongo.database import Document
from calls.agents import AgentSettings, MachineDetection, Voicemail
from calls.limits import longest_hold_seconds
from calls.records import Message, NewCall, Progress, StoredCall
from calls.words import CallStatus, Direction, Role

WITHOUT_TRANSCRIPT = {"transcript": 0}
"""Projection of reads that are asked for the call: its gathered utterances are read from `messages`."""

WAITING, ADMITTED = "waiting", "admitted"
"""What a call has of the limits it is under: a place in the queue, or a slot of each."""

_ADMISSION_MARGIN = timedelta(seconds=60)
_FREE_FORM = ("metadata", "pia_llm_dynamic_data")
_OF_REDIALS = ("redial_of", "redial_number", "redial_series")


def call_document(new: NewCall) -> Document:
    """A call as it is stored when it is registered. The agent's snapshot is private: it is in no API answer."""
    request = new.order.request.model_dump(exclude=set(_FREE_FORM))
    free_form = {f"{name}_json": json.dumps(getattr(new.order.request, name)) for name in _FREE_FORM}
    return {
        "_id": ObjectId(new.order.id),
        **new.order.model_dump(include={"call_id", "request_id", "request_sha256"}),
        **new.order.model_dump(include=set(_OF_REDIALS), exclude_none=True),
        **plain(request),
        **free_form,
        "agent_id": new.agent_id,
        "agent": new.agent.model_dump(mode="json"),
        "plan": new.plan.model_dump(mode="json"),
        "registered_at": plain(new.registered_at),
        "progress": progress_document(Progress(revision=0, status=CallStatus.REGISTERED)),
        "claim": None,
        "admission": _admission_at_registration(new),
    }


def _admission_at_registration(new: NewCall) -> Document | None:
    """A call that came in is there already: those to be dialled must find room beside it."""
    if not new.plan.limits or new.order.request.direction is Direction.OUTBOUND:
        return None
    return admission_document(ADMITTED, new.registered_at, longest_hold_seconds(new.plan.policy))


def admission_document(state: str, since: datetime, seconds: float) -> Document:
    """What a call has. `until` is when even one that nobody ended cannot wait, or be up, any longer."""
    return {"state": state, "since": since, "until": since + timedelta(seconds=seconds) + _ADMISSION_MARGIN}


def stored_call(document: Document) -> StoredCall:
    """The call of a document."""
    free_form = {name: json.loads(document[f"{name}_json"]) for name in _FREE_FORM}
    asked = ("from_number", "to_number", "direction", "override_ai_agent_id")
    order = {name: document[name] for name in ("call_id", "request_id", "request_sha256")}
    of_redials = {name: document.get(name) for name in _OF_REDIALS}
    return StoredCall.model_validate(
        {
            "order": {
                "id": str(document["_id"]),
                **order,
                **of_redials,
                "request": {
                    **{name: document[name] for name in asked},
                    **free_form,
                    "redial": document.get("redial"),
                },
            },
            "agent": agent_fields(document["agent"]),
            **{name: document[name] for name in ("agent_id", "plan", "registered_at", "progress")},
            "claimed_by": (document["claim"] or {}).get("carrier_call_id"),
        }
    )


def agent_fields(document: Document) -> Document:
    """An agent's settings in a document, without what another release kept there: settings refuse unknown names."""
    known: Document = {name: document[name] for name in AgentSettings.model_fields if name in document}
    voicemail = known.get("voicemail")
    if voicemail is not None:
        kept = {name: voicemail[name] for name in Voicemail.model_fields if name in voicemail}
        if detection := kept.get("detection"):
            kept["detection"] = {name: detection[name] for name in MachineDetection.model_fields if name in detection}
        known["voicemail"] = kept
    return known


def progress_document(progress: Progress) -> Document:
    """A call's progress as it is stored, times as dates so that listings can compare them."""
    document: Document = plain(progress.model_dump())
    return document


def message_fields(message: Message) -> Document:
    """A message as it is stored, of whichever call."""
    return {
        "seq": message.seq,
        "role": message.role.value,
        "content": plain(message.content),
        "started_at": message.started_at,
        "ended_at": message.ended_at,
        "extra_json": json.dumps(message.extra),
    }


def stored_message(document: Document) -> Message:
    """The message of a document."""
    return Message(
        seq=document["seq"],
        role=Role(document["role"]),
        content=document["content"],
        started_at=document["started_at"],
        ended_at=document["ended_at"],
        extra=json.loads(document["extra_json"]),
    )


def plain(value: Any) -> Any:
    """The same as BSON can hold it: enums as text, times to the millisecond, "?" for what UTF-8 cannot say."""
    if isinstance(value, str):
        return str(value).encode(errors="replace").decode()
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(microsecond=value.microsecond // 1000 * 1000)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
