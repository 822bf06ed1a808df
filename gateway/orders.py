"""What a client may ask to be dialled, and the order made of it."""

import hashlib
import json
import re
import secrets
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from calls.agents import E164
from calls.model import CallOrder, CallRequest
from calls.redial_policy import LONGEST_CALL_ID, RedialPolicy
from calls.words import Direction

OBJECT_LIMIT = 50 * 1024
"""Bytes of `metadata` and of `pia_llm_dynamic_data` as JSON text."""
_RECORD_ID = re.compile(r"[0-9a-fA-F]{24}")


def _not_a_record_id(call_id: str) -> str:
    if _RECORD_ID.fullmatch(call_id):
        raise ValueError("24 hexadecimal digits are the form of our own ids (_id); choose another call_id")
    return call_id


def _small(value: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    if size > OBJECT_LIMIT:
        raise ValueError(f"is {size} bytes as JSON, more than the {OBJECT_LIMIT} that are kept")
    return value


CallId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"), AfterValidator(_not_a_record_id)]
SmallObject = Annotated[dict[str, Any], AfterValidator(_small)]


class DialBody(BaseModel):
    """The body of a request to dial."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_number: E164 = Field(description="The number that places the call.")
    to_number: E164 = Field(description="The number that is called.")
    direction: Direction = Field(description="Only `outbound` can be dialled.")
    call_id: CallId | None = Field(default=None, description="Your own identifier; a repeated one dials nothing.")
    override_ai_agent_id: str | None = Field(
        default=None, max_length=100, description="The agent to use instead of the one bound to from_number."
    )
    metadata: SmallObject = Field(default_factory=dict, description="Stored and echoed; at most 50 kB.")
    pia_llm_dynamic_data: SmallObject = Field(default_factory=dict, description="For the agent; at most 50 kB.")
    redial: RedialPolicy | None = Field(
        default=None, description="Call again, as a new call, after these endings. Left out: never."
    )

    @field_validator("direction")
    @classmethod
    def _dials(cls, direction: Direction) -> Direction:
        if direction is Direction.INBOUND:
            raise ValueError("an inbound call cannot be dialled; only outbound can")
        return direction

    @field_validator("to_number")
    @classmethod
    def _somebody_else(cls, to_number: str, info: ValidationInfo) -> str:
        if to_number == info.data.get("from_number"):
            raise ValueError("must differ from from_number: a number cannot call itself")
        return to_number

    @field_validator("redial")
    @classmethod
    def _leaves_room_for_its_ids(cls, redial: RedialPolicy | None, info: ValidationInfo) -> RedialPolicy | None:
        if redial is not None and len(info.data.get("call_id") or "") > LONGEST_CALL_ID:
            raise ValueError(f"needs a call_id of at most {LONGEST_CALL_ID} characters: a redial's own is longer")
        return redial

    def request(self) -> CallRequest:
        """What was asked for, without the call id."""
        return CallRequest.model_validate(self.model_dump(exclude={"call_id"}))


def digest(request: CallRequest) -> str:
    """SHA-256 (hex) of a request's canonical JSON; equal for equal requests, whatever order their keys came in."""
    fields = request.model_dump(mode="json")
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def order_of(body: DialBody, now: datetime) -> CallOrder:
    """A new order, with ids of its own. `id` has the form of an ObjectId: seconds since 1970, then 8 random bytes."""
    record_id = f"{int(now.timestamp()):08x}{secrets.token_hex(8)}"
    request = body.request()
    return CallOrder(
        id=record_id,
        call_id=body.call_id or record_id,
        request_id=secrets.token_hex(16),
        request_sha256=digest(request),
        request=request,
    )
