"""What people and programs may say to a running call, and what it answers."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from calls.agents import E164

REGISTER = "register"
END = "end"
TRANSFER = "transfer"


class EndRequest(BaseModel):
    """Please end this call. The same `request_id` again changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_id: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=500)


class TransferRequest(BaseModel):
    """Please hand the callee to another number. The same `request_id` again changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to_number: E164
    request_id: str = Field(default="", max_length=200)


class Ack(BaseModel):
    """Whether the call took a request, and why not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    accepted: bool
    why: str = ""


def read_end(payload: Any) -> EndRequest:
    """An end request from whatever an operator typed: ending is never refused for its form."""
    try:
        return EndRequest.model_validate(payload or {})
    except ValidationError:
        return EndRequest(note="the request could not be read; the call was ended all the same")


def read_transfer(payload: Any) -> TransferRequest:
    """A transfer request from whatever an operator typed. Raises ValueError with words that say what to send."""
    try:
        return TransferRequest.model_validate(payload if isinstance(payload, dict) else {})
    except ValidationError as error:
        raise ValueError('send {"to_number": "+14155550110"}: an E.164 number, and optionally a request_id') from error
