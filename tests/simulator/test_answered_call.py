"""One answered call from create to recording, the application being a dozen lines of code."""

import io
import wave

from tests.simulator.rig import RELAY_TWIML, Carrier, agent

ALICE = "+14155550101"


async def test_a_call_goes_from_create_to_a_recording_that_plays(carrier: Carrier) -> None:
    """Create, ring, answer, talk four turns, end by the agent, recording: all reported in documented form."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": "<Response><Hangup/></Response>"}
    app.talk = agent(app, 4)
    sid = await carrier.call(ALICE)
    await app.form("/status", CallStatus="completed")
    recording = await app.form("/recording", RecordingStatus="completed")
    truth = await carrier.truth(sid)
    assert [form["CallStatus"] for form in app.forms("/status")] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in app.forms("/status")] == ["0", "1", "2", "3"]
    assert truth["status"] == "completed"
    assert truth["hung_up_by"] == "twiml"
    assert [spoken["role"] for spoken in truth["spoken"]] == ["agent", "user"] * 4
    assert truth["spoken"][0]["text"] == "Sentence 0 of mine."
    assert app.forms("/relay-ended")[0]["HandoffData"] == '{"reason":"done"}'
    async with carrier.http.get(f"{carrier.account}/Recordings/{recording['RecordingSid']}.wav") as response:
        assert response.status == 200
        media = await response.read()
    with wave.open(io.BytesIO(media)) as sound:
        shape, seconds = sound.getparams()[:3], sound.getnframes() / 8000
    assert shape == (2, 2, 8000)
    assert abs(seconds - (truth["ended_at"] - truth["answered_at"])) < 0.25
