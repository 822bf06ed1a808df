"""Recordings at Twilio: listed, downloaded, deleted."""

import re
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]  # the SDK ships no types
from twilio.rest import Client  # type: ignore[import-untyped]  # the SDK ships no types

from adapters.twilio.http import API_ORIGIN, AUDIO_SILENCE_SECONDS, CONNECT_SECONDS, DirectHttpClient
from adapters.twilio.refusals import asking, refusal
from adapters.twilio.wav import whole
from calls.ports.carrier import CarrierError, CarrierRecording

PIECE_BYTES = 64 * 1024
_RECORDING_SID = re.compile(r"RE[0-9a-f]{32}")
_RUNNING = "Twilio.CURRENT"
"""Stands for the id of the recording that is running, as the call recordings resource allows."""
_OK, _BAD_REQUEST, _NOT_FOUND = 200, 400, 404
_DOWNLOAD = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=AUDIO_SILENCE_SECONDS)


class Recordings:
    """The recordings of one account.

    Audio is fetched by recording id from the API's own host, never from an address that came in a callback.
    """

    def __init__(self, client: Client, http: DirectHttpClient, account_sid: str, credentials: tuple[str, str]) -> None:
        self._client = client
        self._http = http
        self._folder = f"{API_ORIGIN}/2010-04-01/Accounts/{account_sid}/Recordings"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(*credentials)}

    async def of_call(self, carrier_call_id: str) -> list[CarrierRecording]:
        """The recordings of a carrier call, newest first. Raises CarrierError, never a permanent one."""
        with asking(never_permanent=True):
            try:
                page = await self._client.calls(carrier_call_id).recordings.page_async(page_size=50)
                return [_carrier_recording(recording) for recording in page]
            except TwilioException as error:
                _unless_unknown(error)
                return []

    async def stop(self, carrier_call_id: str) -> bool:
        """End the recording that runs on a carrier call; whether there was one. Raises CarrierError.

        Whether the carrier's short name for it also means one that a document started is not known, hence the list.
        """
        if await self._stop(carrier_call_id, _RUNNING):
            return True
        known = await self.of_call(carrier_call_id)
        running = [one.recording_id for one in known if one.status in ("in-progress", "paused")]
        return any([await self._stop(carrier_call_id, recording_id) for recording_id in running])

    async def _stop(self, carrier_call_id: str, recording_id: str) -> bool:
        with asking():
            try:
                await self._client.calls(carrier_call_id).recordings(recording_id).update_async(status="stopped")
            except TwilioException as error:
                _unless_unknown(error)
                return False
        return True

    async def audio(self, recording_id: str) -> AsyncGenerator[bytes, None]:
        """The audio as WAV, both channels where there are two. Raises CarrierError, in mid-stream too."""
        if not _RECORDING_SID.fullmatch(recording_id):
            raise CarrierError(f"{recording_id!r} is no recording id", permanent=True)
        url = self._http.address(f"{self._folder}/{recording_id}.wav")
        with asking():
            async with self._get(url + "?RequestedChannels=2") as stereo:
                if stereo.status != _BAD_REQUEST:
                    async for piece in _body(stereo):
                        yield piece
                    return
            async with self._get(url) as mono:
                async for piece in _body(mono):
                    yield piece

    def _get(self, url: str) -> Any:
        # No redirects: the credentials in the headers are for this host alone.
        return self._http.audio_session.get(url, headers=self._headers, timeout=_DOWNLOAD, allow_redirects=False)

    async def delete(self, recording_id: str) -> None:
        """Forget a recording; no error when it is gone already. Raises CarrierError."""
        with asking():
            try:
                await self._client.recordings(recording_id).delete_async()
            except TwilioException as error:
                _unless_unknown(error)


async def _body(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    if response.status != _OK:
        raise CarrierError(
            f"the recording was not given: HTTP {response.status}",
            # Whatever it is: the audio comes a little later than the news of it, and keys are mended within the day.
            permanent=False,
            evidence={"http_status": response.status},
        )
    async for piece in whole(response.content.iter_chunked(PIECE_BYTES)):
        yield piece


def _unless_unknown(error: TwilioException) -> None:
    """Pass the error on, unless it says that there is no such thing."""
    answer = refusal(error)
    if answer is None or answer.http_status != _NOT_FOUND:
        raise error


def _carrier_recording(recording: Any) -> CarrierRecording:
    return CarrierRecording(
        recording_id=str(recording.sid),
        status=str(recording.status),
        duration_seconds=float(recording.duration) if recording.duration not in (None, "", "-1") else None,
        channels=int(recording.channels) if recording.channels else None,
    )
