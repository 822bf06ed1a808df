"""Calls over REST: create, fetch, list, update, delete, and the faults that strike a create."""

import asyncio
import time
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.errors import ApiError
from simulator.leg import Instructions, Leg
from simulator.outbound import place
from simulator.parameters import call_request, checked_url, read_form, status_callback, time_limit
from simulator.request import CallRequest
from simulator.resources import call_json, notification_json, page_json
from simulator.switchboard import Switchboard

Filter = tuple[str, str]


class CallsApi:
    """The Calls resource of one account."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def create(self, request: Request) -> Response:
        """Accept a call, unless it is wrong, there are too many, or a fault strikes."""
        wish = call_request(await read_form(request), self._board.account)
        self._admit(wish)
        await asyncio.sleep(self._board.dice.faults.create_delay_seconds)
        leg = place(self._board, wish)
        if self._board.dice.falls("create_hang", wish.to):
            await asyncio.sleep(self._board.dice.faults.create_hang_seconds)
        if self._board.dice.falls("create_error_after", wish.to):
            raise ApiError(20500)
        return JSONResponse(self._json(leg), 201, headers={"Twilio-Request-Id": f"RQ{leg.sid[2:]}"})

    async def fetch(self, request: Request) -> Response:
        """Give one call."""
        return JSONResponse(self._json(self._leg(request)))

    async def list(self, request: Request) -> Response:
        """Give the calls that match, newest first; one that is younger than the list's lag is not there yet."""
        query = dict(request.query_params)
        lag = self._board.dice.faults.list_lag_seconds
        seen = [leg for leg in self._board.legs.values() if leg.record.created_at <= time.time() - lag]
        rows = [self._json(leg) for leg in reversed(seen) if all(_matches(leg, item) for item in query.items())]
        return JSONResponse(page_json("calls", rows, request.url.path, query))

    async def update(self, request: Request) -> Response:
        """Hang up, cancel, redirect, or change the limits of a call."""
        leg = self._leg(request)
        form = await read_form(request)
        url, twiml = checked_url(form, "Url"), str(form.get("Twiml", ""))
        method = str(form.get("Method", "POST")).upper()
        reports = status_callback(form) if "StatusCallback" in form else None
        limit, status = time_limit(form), str(form.get("Status", ""))
        if "FallbackUrl" in form:
            leg.fallback = (checked_url(form, "FallbackUrl"), str(form.get("FallbackMethod", "POST")).upper())
        dice, to = self._board.dice, leg.request.person
        if dice.falls("update_error_before", to):
            raise ApiError(20500)
        self._change(leg, status, Instructions(url, method, twiml), limit)
        if reports is not None:
            leg.status_callback = reports
        if dice.falls("update_hang", to):
            await asyncio.sleep(dice.faults.update_hang_seconds)
        if dice.falls("update_error_after", to):
            raise ApiError(20500)
        return JSONResponse(self._json(leg))

    async def delete(self, request: Request) -> Response:
        """Forget a finished call."""
        leg = self._leg(request)
        if leg.live:
            raise ApiError(20009, leg.sid)
        del self._board.legs[leg.sid]
        return Response(status_code=204)

    async def notifications(self, request: Request) -> Response:
        """Give the error log, of one call or of all."""
        sid = request.path_params.get("call")
        rows = [
            notification_json(self._board.account.sid, entry)
            for entry in reversed(self._board.notifications)
            if sid in (None, entry.call_sid)
        ]
        return JSONResponse(page_json("notifications", rows, request.url.path, dict(request.query_params)))

    def _change(self, leg: Leg, status: str, instructions: Instructions, limit: float | None) -> None:
        redirecting = bool(instructions.url or instructions.twiml)
        if instructions.url and instructions.twiml:
            raise ApiError(20001, "Url and Twiml are mutually exclusive")
        if status not in ("", "canceled", "completed"):
            raise ApiError(20001, f"Status {status}")
        if not leg.live or (redirecting and leg.status != "in-progress"):
            raise ApiError(21220)
        if limit is not None:
            leg.time_limit_seconds = limit
            leg.limit_changed.set()
        if status == "completed" or (status == "canceled" and leg.status in ("queued", "ringing")):
            leg.hang_up("api")
        elif redirecting:
            leg.redirect(instructions)

    def _admit(self, wish: CallRequest) -> None:
        dice, limit = self._board.dice, self._board.account.concurrency_limit
        if (code := self._board.story(wish.person).create_error) is not None:
            raise ApiError(code, wish.to)
        if dice.faults.account_suspended and dice.concerns(wish.to):
            raise ApiError(10001)
        if dice.falls("create_too_many", wish.to):
            raise ApiError(20429)
        if dice.falls("create_error_before", wish.to):
            raise ApiError(20500)
        if limit is not None and self._board.live_calls >= limit:
            raise ApiError(10004)

    def _leg(self, request: Request) -> Leg:
        leg = self._board.legs.get(request.path_params["call"])
        if leg is None:
            raise ApiError(20404, request.url.path)
        return leg

    def _json(self, leg: Leg) -> dict[str, object]:
        return call_json(self._board.account.sid, leg, self._board.dice.faults.list_lag_seconds)


def _matches(leg: Leg, item: Filter) -> bool:
    """Tell whether a call passes one filter of the query; names that are no filters let everything pass."""
    name, value = item
    plain = {
        "To": leg.record.to,
        "From": leg.record.from_,
        "ParentCallSid": leg.record.parent_sid,
        "Status": leg.status,
    }
    if name in plain:
        return plain[name] == value
    field = name.rstrip("<>")
    if field not in ("StartTime", "EndTime"):
        return True
    moment = leg.record.initiated_at if field == "StartTime" else leg.record.ended_at
    return moment is not None and _within(moment, name[len(field) :], value)


def _within(moment: float, comparison: str, value: str) -> bool:
    try:
        bound = datetime.fromisoformat(value)
    except ValueError as wrong:
        raise ApiError(20001, str(wrong)) from wrong
    bound = bound if bound.tzinfo else bound.replace(tzinfo=UTC)
    at = datetime.fromtimestamp(moment, UTC)
    if comparison == ">":
        return at >= bound
    return at <= bound if comparison == "<" else at.date() == bound.date()
