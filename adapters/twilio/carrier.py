"""Twilio, or whatever speaks its API at another origin, as the carrier."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]  # the SDK ships no types
from twilio.rest import Client  # type: ignore[import-untyped]  # the SDK ships no types

from adapters.twilio.dispositions import says_over
from adapters.twilio.http import TOTAL_SECONDS, DirectHttpClient
from adapters.twilio.recordings import Recordings
from adapters.twilio.refusals import asking, dialling, refusal
from adapters.twilio.urls import CallbackUrls
from calls.facts import CarrierEnd
from calls.ports.carrier import CarrierCall, CarrierRecording, Dial

EVENTS = ["initiated", "ringing", "answered", "completed"]
PAGE_SIZE = 50
"""How many carrier calls are looked at when one is searched; those between two numbers are few."""

LIVE = ("queued", "ringing", "in-progress")
LISTED_PAGE_SIZE = 1000
_DIALLED, _CAME_IN = "outbound-api", "inbound"
"""Directions; the leg to a transfer's target is `outbound-dial`, and ends with the call that it belongs to."""

_ENDS = {end.value: end for end in CarrierEnd}


class TwilioCarrier:
    """Places and steers calls over Twilio's REST API. Build it inside the running loop, and close it."""

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        urls: CallbackUrls,
        api_key: tuple[str, str] | None = None,
        origin: str | None = None,
        answer_seconds: float = TOTAL_SECONDS,
    ) -> None:
        """`api_key` (SID and secret) takes the auth token's place in requests; `origin` takes Twilio's place."""
        credentials = api_key or (account_sid, auth_token)
        self._http = DirectHttpClient(origin, answer_seconds)
        # An environment of our own: TWILIO_EDGE and TWILIO_REGION of the process would change the API's host.
        self._client = Client(*credentials, account_sid, http_client=self._http, environment={"TWILIO_EDGE": ""})
        self._urls = urls
        self._recordings = Recordings(self._client, self._http, account_sid, credentials)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def dial(self, dial: Dial) -> str:
        """Ring the callee; the carrier call id. Raises DialRefused-, DialNotProcessed- or DialAmbiguousError."""
        with dialling():
            placed = await self._client.calls.create_async(
                to=dial.to_number,
                from_=dial.from_number,
                url=self._urls.voice(dial.call_id, dial.attempt_id),
                method="POST",
                status_callback=self._urls.status(dial.call_id, dial.attempt_id),
                status_callback_event=EVENTS,
                status_callback_method="POST",
                timeout=dial.ring_seconds,
                time_limit=dial.time_limit_seconds,
                **self._detection(dial),
            )
            return _text(placed.sid)

    def _detection(self, dial: Dial) -> dict[str, Any]:
        """Asynchronous, so that the callee hears somebody at once; `true` is a string in this API."""
        if not dial.detect_machine:
            return {}
        tuned = {
            "machine_detection_speech_threshold": dial.speech_threshold_ms,
            "machine_detection_speech_end_threshold": dial.speech_end_threshold_ms,
            "machine_detection_silence_timeout": dial.silence_timeout_ms,
        }
        return {
            **{name: value for name, value in tuned.items() if value is not None},
            "machine_detection": "DetectMessageEnd" if dial.detect_message_end else "Enable",
            "machine_detection_timeout": dial.machine_detection_seconds,
            "async_amd": "true",
            "async_amd_status_callback": self._urls.machine(dial.call_id, dial.attempt_id),
            "async_amd_status_callback_method": "POST",
        }

    async def ask(self, carrier_call_id: str) -> CarrierCall | None:
        """What the carrier says of a call; None when it does not know it."""
        with asking():
            try:
                return _carrier_call(await self._client.calls(carrier_call_id).fetch_async())
            except TwilioException as error:
                _unless_over(error)
                return None

    async def find(self, *, from_number: str, to_number: str, not_before: datetime) -> list[CarrierCall]:
        """Outbound carrier calls between these numbers, created at or after a time, newest first.

        The carrier's own time filters would hide a call that is still queued, so the times are compared here.
        """
        with asking():
            page = await self._client.calls.page_async(to=to_number, from_=from_number, page_size=PAGE_SIZE)
            found = [(_carrier_call(call), call.direction) for call in page]
        placed = [call for call, direction in found if direction == _DIALLED and call.created_at is not None]
        recent = [call for call in placed if call.created_at and call.created_at >= not_before.replace(microsecond=0)]
        return sorted(recent, key=lambda call: call.created_at or not_before, reverse=True)

    async def live(self) -> list[CarrierCall]:
        """The account's calls that wait, ring or talk, without the legs of transfers; other systems' among them."""
        found: dict[str, CarrierCall] = {}
        with asking():
            for status in LIVE:
                page = await self._client.calls.page_async(status=status, page_size=LISTED_PAGE_SIZE)
                while page is not None:
                    known = [_carrier_call(call) for call in page if call.direction in (_DIALLED, _CAME_IN)]
                    found |= {call.carrier_call_id: call for call in known}
                    page = await page.next_page_async()
        return list(found.values())

    async def hang_up(self, carrier_call_id: str) -> bool:
        """End a carrier call in whatever state it is; False when it was over already."""
        return await self._update(carrier_call_id, status="completed")

    async def start_transfer(self, carrier_call_id: str, *, call_id: str, attempt_id: str, request_id: str) -> bool:
        """Take the callee out of the conversation and to the transfer's instructions; False when the call is over."""
        url = self._urls.transfer(call_id, attempt_id, request_id)
        return await self._update(carrier_call_id, url=url, method="POST")

    async def play_message(self, carrier_call_id: str, *, call_id: str, attempt_id: str) -> bool:
        """Have the agent's voicemail message spoken, after which the carrier hangs up; False when over."""
        return await self._update(carrier_call_id, url=self._urls.voicemail(call_id, attempt_id), method="POST")

    async def adopt(self, carrier_call_id: str, *, call_id: str, attempt_id: str, time_limit_seconds: int) -> bool:
        """Limit a call that came in, counted from its answer, and have its end reported to us; False when over."""
        status = self._urls.status(call_id, attempt_id)
        return await self._update(
            carrier_call_id, time_limit=time_limit_seconds, status_callback=status, status_callback_method="POST"
        )

    async def extend(self, carrier_call_id: str, time_limit_seconds: int) -> None:
        """Move the carrier's own limit on the call's length, counted from its answer; nothing when it is over."""
        await self._update(carrier_call_id, time_limit=time_limit_seconds)

    async def _update(self, carrier_call_id: str, **changes: Any) -> bool:
        with asking():
            try:
                await self._client.calls(carrier_call_id).update_async(**changes)
            except TwilioException as error:
                _unless_over(error)
                return False
        return True

    async def stop_recording(self, carrier_call_id: str) -> bool:
        """End the recording that runs on a call; False when none does, or when the call is over."""
        return await self._recordings.stop(carrier_call_id)

    async def recordings(self, carrier_call_id: str) -> list[CarrierRecording]:
        """The recordings of a carrier call."""
        return await self._recordings.of_call(carrier_call_id)

    async def recording_audio(self, recording_id: str) -> AsyncIterator[bytes]:
        """The recording's audio as WAV, in chunks."""
        async with contextlib.aclosing(self._recordings.audio(recording_id)) as audio:
            async for piece in audio:
                yield piece

    async def delete_recording(self, recording_id: str) -> None:
        """Forget a recording; no error when it is gone already."""
        await self._recordings.delete(recording_id)


def _unless_over(error: TwilioException) -> None:
    """Pass the error on, unless it says that the call is over or unknown."""
    answer = refusal(error)
    if answer is None or not says_over(answer.http_status, answer.code):
        raise error


def _carrier_call(call: Any) -> CarrierCall:
    return CarrierCall(
        carrier_call_id=_text(call.sid),
        status=_text(call.status),
        end=_ENDS.get(call.status),
        to_number=call.to or "",
        from_number=call._from or "",  # noqa: SLF001 - how the SDK spells the reserved word
        created_at=call.date_created if isinstance(call.date_created, datetime) else None,
        is_outbound=call.direction == _DIALLED,
        duration_seconds=float(call.duration) if call.duration else None,
        answered_by=call.answered_by or None,
    )


def _text(value: Any) -> str:
    """A field that an answer must have. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"the carrier's answer lacks a field: {value!r}")
    return value
