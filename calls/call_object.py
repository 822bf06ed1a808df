"""A stored call as the HTTP contract shows it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from calls.access_tokens import AccessTokens
from calls.reasons import FinishReason
from calls.records import Message, StoredCall
from calls.words import CallStatus, Direction, Role


class MessageObject(BaseModel):
    """One utterance; more keys may follow (interrupted, tool calls)."""

    model_config = ConfigDict(extra="allow")

    role: Role
    content: str
    start_time: datetime
    end_time: datetime


class CallObject(BaseModel):
    """A call as every answer, listing and webhook gives it. Times are UTC; a duration is in seconds."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(alias="_id")
    call_id: str
    call_status: CallStatus
    call_type: str = "phone_call"
    from_number: str
    to_number: str
    direction: Direction
    ai_agent_id: str
    ai_agent_name: str
    override_ai_agent_id: str | None
    metadata: dict[str, Any]
    pia_llm_dynamic_data: dict[str, Any]
    call_start_time: datetime | None
    call_end_time: datetime | None
    call_duration_seconds: float | None
    messages: list[MessageObject]
    recorded_call_audio_url: str | None
    access_token: str
    call_finish_reason: FinishReason | None
    redial_of: str | None = None
    redial_number: int | None = None


def utc(moment: datetime) -> datetime:
    """A moment with its zone said; storage may hand it out without."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def message_object(message: Message) -> MessageObject:
    """One stored utterance, its extra keys beside the contract's two."""
    return MessageObject.model_validate(
        {
            **message.extra,
            "role": message.role,
            "content": message.content,
            "start_time": utc(message.started_at),
            "end_time": utc(message.ended_at),
        }
    )


class Rendering:
    """Turns stored calls into call objects. `origin` is the address under which clients reach this API."""

    def __init__(self, origin: str, tokens: AccessTokens) -> None:
        self._origin = origin
        self._tokens = tokens

    def call(self, stored: StoredCall, messages: Sequence[Message], now: datetime) -> dict[str, Any]:
        """The call object, as JSON can hold it."""
        order, request, known = stored.order, stored.order.request, stored.progress
        token = self._tokens.give(order.id, now)
        call = CallObject(
            id=order.id,
            call_id=order.call_id,
            call_status=known.status,
            from_number=request.from_number,
            to_number=request.to_number,
            direction=request.direction,
            ai_agent_id=stored.agent_id,
            ai_agent_name=stored.agent.ai_agent_name,
            override_ai_agent_id=request.override_ai_agent_id,
            metadata=request.metadata,
            pia_llm_dynamic_data=request.pia_llm_dynamic_data,
            call_start_time=utc(known.start_time) if known.start_time else None,
            call_end_time=utc(known.end_time) if known.end_time else None,
            call_duration_seconds=known.duration_seconds,
            messages=[message_object(message) for message in messages],
            recorded_call_audio_url=self._recording_url(stored, token),
            access_token=token,
            call_finish_reason=known.finish_reason,
            redial_of=order.redial_of,
            redial_number=order.redial_number,
        )
        return call.model_dump(mode="json", by_alias=True)

    def _recording_url(self, stored: StoredCall, token: str) -> str | None:
        """An address that downloads as it is: the access token, which needs no quoting, is part of it."""
        if stored.progress.recording.archive_id is None:
            return None
        return f"{self._origin}/v1/calls/{stored.order.id}/recording?access_token={token}"
