"""The API's JSON: calls, recordings, notifications and lists, field by field as the carrier writes them."""

import re
import time
from typing import Any
from urllib.parse import urlencode

from simulator.errors import ApiError
from simulator.ids import API_VERSION, rfc2822, rfc2822_or_none
from simulator.leg import Leg
from simulator.recordings import Recording
from simulator.switchboard import Notification

SUBRESOURCES = {
    "notifications": "Notifications",
    "recordings": "Recordings",
    "payments": "Payments",
    "events": "Events",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}


def root(account_sid: str) -> str:
    """Give the path of an account."""
    return f"/{API_VERSION}/Accounts/{account_sid}"


def formatted(number: str) -> str:
    """Write a North American number the way people do there; leave others."""
    match = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else number


def call_json(account_sid: str, leg: Leg, lag_seconds: float = 0.0) -> dict[str, Any]:
    """Write a call as it is, or as it was ``lag_seconds`` ago."""
    record = leg.record
    status = leg.status_at(time.time() - lag_seconds)
    ended = status not in ("queued", "ringing", "in-progress")
    spoken = ended and record.answered_at is not None
    uri = f"{root(account_sid)}/Calls/{leg.sid}"
    return {
        "sid": leg.sid,
        "date_created": rfc2822(record.created_at),
        "date_updated": rfc2822(leg.history[-1][0]),
        "parent_call_sid": record.parent_sid,
        "account_sid": account_sid,
        "to": record.to,
        "to_formatted": formatted(record.to),
        "from": record.from_,
        "from_formatted": formatted(record.from_),
        "phone_number_sid": None,
        "status": status,
        "start_time": rfc2822_or_none(record.initiated_at),
        "end_time": rfc2822_or_none(record.ended_at) if ended else None,
        "duration": str(leg.duration_seconds) if spoken else None,
        "price": None,
        "price_unit": "USD",
        "direction": record.direction,
        "answered_by": record.answered_by,
        "annotation": None,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(record.queue_milliseconds),
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in SUBRESOURCES.items()},
    }


def recording_json(base: str, recording: Recording, *, of_call: bool) -> dict[str, Any]:
    """Write a recording: as a resource of its call, or of the account."""
    account_sid = base.rpartition("/")[2]
    folder = f"{root(account_sid)}/Calls/{recording.leg.sid}" if of_call else root(account_sid)
    uri = f"{folder}/Recordings/{recording.sid}"
    ready = recording.status == "completed"
    fields = {
        "sid": recording.sid,
        "account_sid": account_sid,
        "call_sid": recording.leg.sid,
        "conference_sid": None,
        "api_version": API_VERSION,
        "status": recording.status,
        "channels": recording.channels,
        "duration": str(recording.whole_seconds) if ready else None,
        "start_time": rfc2822(recording.started_at),
        "date_created": rfc2822(recording.started_at),
        "date_updated": rfc2822(recording.updated_at),
        "price": None,
        "price_unit": "USD",
        "source": recording.source,
        "error_code": 13617 if recording.status == "absent" else None,
        "encryption_details": None,
        "uri": f"{uri}.json",
    }
    if of_call:
        return {**fields, "track": recording.track}
    links = {"add_on_results": f"{uri}/AddOnResults.json", "transcriptions": f"{uri}/Transcriptions.json"}
    return {**fields, "media_url": f"{base}/Recordings/{recording.sid}", "subresource_uris": links}


def notification_json(account_sid: str, notification: Notification) -> dict[str, Any]:
    """Write one entry of the error log."""
    return {
        "sid": notification.sid,
        "account_sid": account_sid,
        "call_sid": notification.call_sid,
        "api_version": API_VERSION,
        "error_code": str(notification.code),
        "log": "0",
        "message_date": rfc2822(notification.at),
        "message_text": notification.message,
        "more_info": f"https://www.twilio.com/docs/errors/{notification.code}",
        "request_method": "POST",
        "request_url": notification.url,
        "date_created": rfc2822(notification.at),
        "date_updated": rfc2822(notification.at),
        "uri": f"{root(account_sid)}/Notifications/{notification.sid}.json",
    }


def _whole(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.isdigit():
        raise ApiError(20001, name)
    return int(text)


def page_json(name: str, rows: list[dict[str, Any]], path: str, query: dict[str, str]) -> dict[str, Any]:
    """Write one page of a list, newest first, with the links to its neighbours."""
    page, size = _whole(query, "Page", 0), min(1000, max(1, _whole(query, "PageSize", 50)))
    start = page * size
    shown = rows[start : start + size]
    filters = {key: value for key, value in query.items() if key not in ("Page", "PageSize", "PageToken")}

    def link(number: int) -> str:
        token = {"PageToken": f"PA{shown[-1]['sid']}"} if number > page else {}
        return f"{path}?{urlencode({**filters, 'PageSize': size, 'Page': number, **token})}"

    return {
        name: shown,
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + len(shown) - 1 if shown else start,
        "uri": f"{path}?{urlencode(query)}" if query else path,
        "first_page_uri": link(0),
        "next_page_uri": link(page + 1) if start + size < len(rows) else None,
        "previous_page_uri": link(page - 1) if page > 0 else None,
    }
