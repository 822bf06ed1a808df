"""Recordings over REST: resources and media."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from simulator import wav
from simulator.errors import NOT_RECORDABLE, ApiError
from simulator.parameters import read_form
from simulator.recordings import Recording
from simulator.request import Callback
from simulator.resources import page_json, recording_json
from simulator.switchboard import Switchboard

CURRENT = "Twilio.CURRENT"
"""What the id of a call's running recording may be given as."""


class RecordingsApi:
    """Recordings of one account, and of each of its calls."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def create(self, request: Request) -> Response:
        """Start to record a live call; never one that has or had a relay."""
        leg = self._board.legs.get(request.path_params["call"])
        if leg is None:
            raise ApiError(20404, request.url.path)
        if leg.status != "in-progress" or leg.record.relay_sessions:
            raise ApiError(21220, message=NOT_RECORDABLE)
        form = await read_form(request)
        channels = 2 if form.get("RecordingChannels") == "dual" else 1
        events = tuple(" ".join(str(e) for e in form.getlist("RecordingStatusCallbackEvent")).split())
        callback = Callback(str(form.get("RecordingStatusCallback", "")), "POST", events or ("completed",))
        recording = self._board.recordings.start(
            leg, source="StartCallRecordingAPI", channels=channels, track="both", callback=callback
        )
        return JSONResponse(recording_json(self._board.account.base, recording, of_call=True), 201)

    async def list(self, request: Request) -> Response:
        """Give the recordings that match, newest first."""
        query = dict(request.query_params)
        of_call = "call" in request.path_params
        if of_call and request.path_params["call"] not in self._board.legs:
            raise ApiError(20404, request.url.path)
        call_sid = request.path_params.get("call") or query.get("CallSid")
        rows = [
            recording_json(self._board.account.base, recording, of_call=of_call)
            for recording in reversed(self._board.recordings.by_sid.values())
            if call_sid in (None, recording.leg.sid)
        ]
        return JSONResponse(page_json("recordings", rows, request.url.path, query))

    async def fetch(self, request: Request) -> Response:
        """Give one recording."""
        of_call = "call" in request.path_params
        return JSONResponse(recording_json(self._board.account.base, self._recording(request), of_call=of_call))

    async def update(self, request: Request) -> Response:
        """Stop a recording of a call. The id may be Twilio.CURRENT, the one that runs; pausing is not played."""
        leg = self._board.legs.get(request.path_params["call"])
        if request.path_params["recording"] == CURRENT:
            running = (one for one in self._board.recordings.of(leg) if one.status == "in-progress") if leg else ()
            recording = next(iter(running), None)
        else:
            recording = self._recording(request)
        if recording is None:
            raise ApiError(20404, request.url.path)
        form = await read_form(request)
        if form.get("Status") != "stopped":
            raise ApiError(20001, "Status")
        if self._board.dice.falls("recording_stop_refused", recording.leg.request.person):
            raise ApiError(21220, message=NOT_RECORDABLE)
        self._board.recordings.finish(recording)
        return JSONResponse(recording_json(self._board.account.base, recording, of_call=True))

    async def delete(self, request: Request) -> Response:
        """Forget one recording."""
        del self._board.recordings.by_sid[self._recording(request).sid]
        return Response(status_code=204)

    async def media(self, request: Request) -> Response:
        """Give the sound as WAV, made while it is sent; 404 until it is ready, and so often as a fault says."""
        recording = self._recording(request)
        if recording.status != "completed":
            raise ApiError(20404, request.url.path)
        if recording.refusals_left > 0:
            recording.refusals_left -= 1
            raise ApiError(20404, request.url.path)
        wanted = request.query_params.get("RequestedChannels", str(recording.channels))
        if wanted not in ("1", "2"):
            raise ApiError(20001, "RequestedChannels")
        channels = int(wanted)
        if channels > recording.channels:
            raise ApiError(16113)
        headers = {"Content-Length": str(wav.length(recording.seconds, channels))}
        sound = wav.render(recording.seconds, channels, recording.sounds())
        return StreamingResponse(sound, media_type="audio/x-wav", headers=headers)

    async def no_media(self, request: Request) -> Response:
        """There is no encoder here: MP3 is never found."""
        raise ApiError(20404, request.url.path)

    def _recording(self, request: Request) -> Recording:
        recording = self._board.recordings.by_sid.get(request.path_params["recording"])
        call_sid = request.path_params.get("call")
        if recording is None or call_sid not in (None, recording.leg.sid):
            raise ApiError(20404, request.url.path)
        return recording
