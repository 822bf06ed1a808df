"""The query of `GET /v1/calls`, as clients of the contract write it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from calls.call_object import utc
from calls.ports.call_store import CallFilter
from calls.reasons import FinishReason
from calls.words import CallStatus


def _with_plus(text: object) -> object:
    """Read a plus that was not percent-encoded: in a query it arrives as a space."""
    return text.replace(" ", "+") if isinstance(text, str) else text


def _moment(text: object) -> object:
    """As above, for the plus of a zone; the space between date and time stays what it is."""
    if not isinstance(text, str):
        return text
    day, between, rest = text.partition(" ")
    if ":" in day:
        return _with_plus(text)
    return f"{day}T{rest.replace(' ', '+')}" if between else text


def _in_utc(moment: datetime | None) -> datetime | None:
    try:
        return utc(moment) if moment else None
    except OverflowError:
        raise ValueError("lies outside the calendar") from None


PhoneText = Annotated[str | None, BeforeValidator(_with_plus)]
Moment = Annotated[datetime | None, BeforeValidator(_moment), AfterValidator(_in_utc)]


class ListingQuery(BaseModel):
    """Filters and paging. Times without a zone are UTC."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    ai_agent_ids: list[str] = Field(default_factory=list)
    bracketed_ai_agent_ids: list[str] = Field(default_factory=list, alias="ai_agent_ids[]")
    call_status: list[CallStatus] = Field(default_factory=list)
    call_finish_reason: list[FinishReason] = Field(default_factory=list)
    to_number: PhoneText = None
    from_number: PhoneText = None
    batch_call_id: str | None = None
    start_time_before: Moment = None
    start_time_after: Moment = None
    end_time_before: Moment = None
    end_time_after: Moment = None
    sort_direction: Literal["asc", "desc"] = "desc"
    page_size: int = Field(default=100, ge=1, le=1000)
    page_token: str | None = None

    def as_filter(self) -> CallFilter:
        """The filter that the store understands."""
        return CallFilter(
            agent_ids=(*self.ai_agent_ids, *self.bracketed_ai_agent_ids),
            statuses=tuple(self.call_status),
            finish_reasons=tuple(self.call_finish_reason),
            to_number=self.to_number,
            from_number=self.from_number,
            batch_call_id=self.batch_call_id,
            start_time_before=self.start_time_before,
            start_time_after=self.start_time_after,
            end_time_before=self.end_time_before,
            end_time_after=self.end_time_after,
            ascending=self.sort_direction == "asc",
            page_size=self.page_size,
            page_token=self.page_token or None,
        )


class PageQuery(BaseModel):
    """Paging of the other listings."""

    model_config = ConfigDict(frozen=True)

    page_size: int = Field(default=100, ge=1, le=1000)
    page_token: str | None = None


CallsQuery = Annotated[ListingQuery, Query()]
PagesQuery = Annotated[PageQuery, Query()]
