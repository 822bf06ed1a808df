"""TwiML: what a document makes happen, and what becomes of a broken one."""

import pytest

from simulator.speaker import CHARS_PER_SECOND, heard_prefix
from simulator.twiml import DocumentError, Play, StopRecording, parse
from tests.simulator.rig import PUBLIC, RELAY_TWIML, SPEED, Carrier, agent

FRANK, JUDY = "+14155550106", "+14155550110"
HANG_UP = "<Response><Hangup/></Response>"


async def test_verbs_run_in_order_and_the_end_of_the_document_ends_the_call(carrier: Carrier) -> None:
    """Say, Pause and Redirect; the second document's words come last, then the call is hung up."""
    carrier.app.twiml = {
        "/voice": f"<Response><Say>One.</Say><Pause/><Redirect>{PUBLIC}/more</Redirect><Say>Never.</Say></Response>",
        "/more": "<Response><Gather/><Play>https://a.test/a.mp3</Play><Say loop='2'>Two.</Say></Response>",
    }
    sid = await carrier.call(FRANK)
    await carrier.app.form("/status", CallStatus="completed")
    truth = await carrier.truth(sid)
    assert [spoken["text"] for spoken in truth["spoken"]] == ["One.", "Two.", "Two."]
    assert truth["hung_up_by"] == "twiml"
    assert truth["ended_at"] - truth["answered_at"] > 3 / SPEED
    _, listed = await carrier.get(f"/Calls/{sid}/Notifications.json")
    assert ["Gather" in entry["message_text"] for entry in listed["notifications"]] == [True]


async def test_words_cut_short_by_a_hangup_were_not_heard(carrier: Carrier) -> None:
    """The ledger keeps the whole words up to the hangup, by its own moments."""
    text = "word " * 12_000
    carrier.app.twiml = {"/voice": f"<Response><Say>Ready.</Say><Say>{text}</Say></Response>"}
    sid = await carrier.call(FRANK)
    await carrier.until_spoken(sid)
    await carrier.post(f"/Calls/{sid}.json", [("Status", "completed")])
    await carrier.app.form("/status", CallStatus="completed")
    truth = await carrier.truth(sid)
    ready, cut = truth["spoken"]
    assert (ready["text"], ready["interrupted"], cut["interrupted"]) == ("Ready.", False, True)
    heard_seconds = SPEED * (truth["ended_at"] - cut["at"])
    assert cut["text"] == heard_prefix(text, int(heard_seconds * CHARS_PER_SECOND))
    assert truth["hung_up_by"] == "api"


@pytest.mark.parametrize(
    "document", ["not xml", "<Reply/>", "<Response><Connect/></Response>", "<Response><Dial>me</Dial></Response>"]
)
async def test_a_broken_document_ends_the_call_with_an_alert(carrier: Carrier, document: str) -> None:
    """Nothing can be followed: the call ends by the carrier's doing."""
    carrier.app.twiml = {"/voice": document}
    sid = await carrier.call(FRANK)
    await carrier.app.form("/status", CallStatus="completed")
    assert (await carrier.truth(sid))["hung_up_by"] == "carrier"
    _, listed = await carrier.get(f"/Calls/{sid}/Notifications.json")
    assert len(listed["notifications"]) == 1


async def test_recordings_start_once_and_stop_when_told(carrier: Carrier) -> None:
    """A second Start is no recording; Stop ends it before the call does; a later Start is another one."""
    start = f'<Start><Recording recordingStatusCallback="{PUBLIC}/recording"/></Start>'
    carrier.app.twiml = {
        "/voice": f"<Response>{start}{start}<Say>Heard.</Say><Stop/><Pause length='9'/>{start}</Response>"
    }
    sid = await carrier.call(FRANK)
    await carrier.app.form("/status", CallStatus="completed")
    first = await carrier.app.form("/recording")
    truth = await carrier.truth(sid)
    assert len(truth["recordings"]) == 2
    assert truth["recordings"][0] == first["RecordingSid"]
    async with carrier.http.get(f"{carrier.account}/Recordings/{first['RecordingSid']}.wav") as response:
        assert int(response.headers["Content-Length"]) < 16000


async def test_a_recording_over_rest_needs_a_talking_call_without_a_relay(carrier: Carrier) -> None:
    """Queued calls and calls that have or had a relay are not eligible; another live call is, and can be stopped."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/plain": "<Response><Pause length='60'/></Response>"}
    app.talk = agent(app, 1)
    queued, relayed = await carrier.call("+14155550122"), await carrier.call(FRANK)
    async with app.arrived:
        await app.arrived.wait_for(lambda: app.heard("setup"))
    for sid in (queued, relayed):
        status, body = await carrier.post(f"/Calls/{sid}/Recordings.json", [])
        assert (status, body["code"], body["message"]) == (
            400, 21220, "Requested resource is not eligible for recording",
        )  # fmt: skip
    status, _ = await carrier.post(f"/Calls/{relayed}.json", [("Url", f"{PUBLIC}/plain")])
    assert status == 200
    await app.form("/plain")
    assert (await carrier.post(f"/Calls/{relayed}/Recordings.json", []))[0] == 400
    app.twiml["/voice"] = app.twiml["/plain"]
    plain = await carrier.call(FRANK)
    await app.form("/voice", CallSid=plain)
    path = f"/Calls/{plain}/Recordings"
    status, body = await carrier.post(f"{path}.json", [("RecordingChannels", "dual")])
    assert (status, body["source"], body["channels"]) == (201, "StartCallRecordingAPI", 2)
    assert (await carrier.post(f"{path}/{body['sid']}.json", [("Status", "resumed")]))[0] == 400
    status, stopped = await carrier.post(f"{path}/Twilio.CURRENT.json", [("Status", "stopped")])
    assert (status, stopped["sid"], stopped["status"]) == (200, body["sid"], "processing")
    assert (await carrier.post(f"{path}/Twilio.CURRENT.json", [("Status", "stopped")]))[0] == 404
    assert list((await carrier.truth(plain))["recorded_until"]) == [body["sid"]]


async def test_a_whisper_is_heard_by_the_target_before_the_bridge(carrier: Carrier) -> None:
    """The Number's url is asked for the leg that answered, and its words are in that leg's record."""
    carrier.app.twiml = {
        "/voice": f"""<Response><Dial action="{PUBLIC}/done">
            <Number url="{PUBLIC}/whisper">{JUDY}</Number></Dial></Response>""",
        "/whisper": "<Response><Say>A call for you.</Say></Response>",
        "/done": HANG_UP,
    }
    await carrier.call(FRANK)
    done = await carrier.app.form("/done")
    assert carrier.app.forms("/whisper")[0]["CallSid"] == done["DialCallSid"]
    leg = await carrier.truth(done["DialCallSid"])
    assert [spoken["text"] for spoken in leg["spoken"]] == ["A call for you."]


async def test_a_redirect_reaches_a_call_that_waits_for_its_verdict(carrier: Carrier) -> None:
    """New instructions during synchronous detection are followed at once."""
    carrier.app.twiml = {"/voice": HANG_UP, "/plain": "<Response><Say>Hello.</Say></Response>"}
    await carrier.control("PUT", f"/stories/{FRANK}", {"name": "slow", "verdict": {"delay_seconds": 1000}})
    sid = await carrier.call(FRANK, ("MachineDetection", "Enable"))
    await carrier.until(sid, "in-progress")
    await carrier.post(f"/Calls/{sid}.json", [("Url", f"{PUBLIC}/plain")])
    await carrier.app.form("/status", CallStatus="completed")
    assert [spoken["text"] for spoken in (await carrier.truth(sid))["spoken"]] == ["Hello."]
    assert carrier.app.forms("/voice") == []


def test_a_document_is_read_into_verbs() -> None:
    """Attributes become fields; elements that are not carried out are named."""
    document = parse("<Response><Play digits='1'/><Stop><Stream/></Stop><Enqueue>q</Enqueue></Response>")
    assert document.verbs == (Play("", "1"), StopRecording())
    assert document.unknown == ("Enqueue",)
    with pytest.raises(DocumentError, match="root element is A"):
        parse("<A/>")
