"""The vendor's own client drives the simulator without noticing."""

import asyncio
from typing import Any

import pytest

from tests.simulator.rig import CALLER, PUBLIC, SID, TOKEN, Carrier

TWILIO = pytest.importorskip("twilio.rest", reason="the vendor's library is a dependency")
ERRORS = pytest.importorskip("twilio.base.exceptions", reason="the vendor's library is a dependency")
STUCK = "+14155550122"


def _client(carrier: Carrier) -> Any:
    client = TWILIO.Client(SID, TOKEN)
    client.api.base_url = carrier.origin
    return client


async def test_calls_are_created_fetched_listed_and_ended(carrier: Carrier) -> None:
    """Create, fetch, page through, cancel and delete, all parsed by the client's own code."""
    client = _client(carrier)

    def story() -> tuple[Any, ...]:
        made = [
            client.calls.create(
                to=STUCK,
                from_=CALLER,
                url=f"{PUBLIC}/voice",
                status_callback=f"{PUBLIC}/status",
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                machine_detection="Enable",
                async_amd="true",
                timeout=30,
                time_limit=630,
            )
            for _ in range(3)
        ]
        listed = client.calls.list(to=STUCK, from_=CALLER, page_size=2)
        ended = client.calls(made[0].sid).update(status="canceled")
        with pytest.raises(ERRORS.TwilioRestException) as refused:
            client.calls(made[0].sid).update(status="completed")
        deleted = client.calls(made[0].sid).delete()
        return made, listed, ended, refused.value, deleted, client.calls(made[1].sid).fetch()

    made, listed, ended, refused, deleted, fetched = await asyncio.to_thread(story)
    assert [call.sid for call in listed] == [call.sid for call in reversed(made)]
    assert (made[0].status, ended.status, fetched.status, deleted) == ("queued", "canceled", "queued", True)
    assert (refused.status, refused.code) == (400, 21220)
    assert made[0].date_created.tzinfo is not None


async def test_recordings_and_balance_are_read(carrier: Carrier) -> None:
    """A recording that the create asked for is listed by call, and the last status callback names it."""
    client = _client(carrier)
    carrier.app.twiml = {"/voice": "<Response><Say>Hello there.</Say></Response>"}
    more = (("Record", "true"), ("RecordingStatusCallback", f"{PUBLIC}/recording"))
    sid = await carrier.call("+14155550106", *more)
    ready = await carrier.app.form("/recording", RecordingStatus="completed")
    last = await carrier.app.form("/status", CallStatus="completed")
    assert last["RecordingSid"] == ready["RecordingSid"]
    assert {"RecordingUrl", "RecordingDuration"} <= set(last)
    recordings, balance = await asyncio.to_thread(
        lambda: (client.recordings.list(call_sid=sid), client.balance.fetch())
    )
    assert [(r.sid, r.source, r.channels) for r in recordings] == [(ready["RecordingSid"], "OutboundAPI", 1)]
    assert balance.currency == "USD"
