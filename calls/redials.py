"""Redials: whether a call that ended is followed by another one to the same callee, and when.

Rules of this file
1. A redial is a new call with a record of its own, never another attempt of the old one.
2. None without a request for it, none after an ending that cannot get better, none after an end that was asked for,
   and none after one that leaves open whether the phone rang.
3. Everything about a redial follows from the first call and its number, so that whoever starts it twice starts the
   same one.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict

from calls import facts as f
from calls.calling_hours import CallingHours
from calls.lifecycle import ending
from calls.model import Call, CallOrder

LATEST: Final = timedelta(hours=1)
"""A redial that could not begin so long after its time, because everything stood still, is not made any more."""


class PendingRedial(BaseModel):
    """A redial that waits for its time."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    order: CallOrder
    due: datetime
    agent_name: str
    calling_hours: CallingHours | None = None
    """Those of the call before; None for a redial that may ring at any time."""


def first_of(order: CallOrder) -> str:
    """The call id of the call that a redial goes back to; its own for a call that is none."""
    return order.redial_of or order.call_id


def redial_call_id(first: str, number: int) -> str:
    """The call id of a redial, which counts from 1."""
    return f"{first}.r{number}"


def redial_request_id(series: str, number: int) -> str:
    """The request id of a redial, by which it can be taken back before it is registered. `series`: the first call's."""
    return hashlib.sha256(f"{series}.r{number}".encode()).hexdigest()[:32]


def redial_after(call: Call, now: datetime) -> PendingRedial | None:
    """The redial that follows a call that is over; None when none does."""
    order, final = call.order, ending(call)
    policy, number = order.request.redial, (order.redial_number or 0) + 1
    if policy is None or final is None or call.plan is None:
        return None
    if number > policy.max_redials or final.reason not in policy.reasons:
        return None
    if call.knows(f.EndRequested) or call.knows(f.DialLost):
        return None
    due = now + timedelta(seconds=policy.backoff(number))
    return PendingRedial(
        order=_order(order, number, due),
        due=due,
        agent_name=call.plan.agent_name,
        calling_hours=call.plan.calling_hours,
    )


def _order(before: CallOrder, number: int, due: datetime) -> CallOrder:
    first = first_of(before)
    series = before.redial_series or before.request_id
    request_id = redial_request_id(series, number)
    return CallOrder(
        id=f"{int(due.timestamp()):08x}{request_id[:16]}",
        call_id=redial_call_id(first, number),
        request_id=request_id,
        request_sha256=before.request_sha256,
        request=before.request,
        redial_of=first,
        redial_number=number,
        redial_series=series,
    )
