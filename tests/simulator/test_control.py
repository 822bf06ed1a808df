"""The control API: stories by number, incoming calls, and a clean slate."""

from tests.simulator.rig import PUBLIC, RELAY_TWIML, Carrier, agent

ALICE, ANYBODY = "+14155550101", "+442071838750"


async def test_a_number_can_be_given_another_story(carrier: Carrier) -> None:
    """The new story replaces the default one until it is taken away; a broken one is refused by name."""
    story = {"name": "Alice is busy today", "outcome": "busy", "sip_code": 600, "ring_seconds": 1}
    await carrier.control("PUT", f"/stories/{ALICE}", story)
    sid = await carrier.call(ALICE)
    last = await carrier.app.form("/status", CallStatus="busy")
    assert last["SipResponseCode"] == "600"
    assert (await carrier.truth(sid))["story"] == "Alice is busy today"
    await carrier.control("DELETE", f"/stories/{ALICE}")
    assert (await carrier.control("GET", "/stories"))[ALICE]["outcome"] == "answer"
    async with carrier.http.put(f"{carrier.origin}/_sim/stories/{ALICE}", json={"name": "x", "mood": 1}) as response:
        assert response.status == 422
        assert "mood" in await response.text()


async def test_an_unknown_number_answers_like_alice(carrier: Carrier) -> None:
    """Whoever is not in the cast picks up and talks."""
    carrier.app.twiml = {"/voice": "<Response><Say>Hello.</Say></Response>"}
    sid = await carrier.call(ANYBODY)
    await carrier.app.form("/status", CallStatus="completed")
    truth = await carrier.truth(sid)
    assert [spoken["text"] for spoken in truth["spoken"]] == ["Hello."]
    assert [call["sid"] for call in await carrier.control("GET", f"/ledger?to={ANYBODY}")] == [sid]
    assert await carrier.control("GET", f"/ledger?to={ALICE}") == []


async def test_somebody_can_call_in(carrier: Carrier) -> None:
    """The instructions are asked for while it rings, the caller's own story is told, and the frames say inbound."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": "<Response><Hangup/></Response>"}
    app.talk = agent(app, 1)
    wish = {"from": ALICE, "to": "+14155550100", "voice_url": f"{PUBLIC}/voice", "status_callback": f"{PUBLIC}/status"}
    sid = (await carrier.control("POST", "/inbound", wish))["sid"]
    await app.form("/status", CallStatus="completed")
    asked = app.forms("/voice")[0]
    assert (asked["Direction"], asked["CallStatus"], asked["From"]) == ("inbound", "ringing", ALICE)
    assert (app.heard("setup")[0]["direction"], app.heard("setup")[0]["callStatus"]) == ("inbound", "RINGING")
    truth = await carrier.truth(sid)
    assert truth["spoken"][-1]["text"] == "Hello, this is Alice speaking."


async def test_an_incoming_call_can_be_rejected(carrier: Carrier) -> None:
    """Reject ends the call before it was answered."""
    carrier.app.twiml = {"/voice": '<Response><Reject reason="busy"/></Response>'}
    wish = {"from": ALICE, "to": "+14155550100", "voice_url": f"{PUBLIC}/voice"}
    sid = (await carrier.control("POST", "/inbound", wish))["sid"]
    truth = await carrier.until(sid, "busy")
    assert (truth["answered_at"], truth["billed_seconds"]) == (None, 0)


async def test_a_reset_forgets_everything(carrier: Carrier) -> None:
    """Live calls are dropped without a word, and ledger, stories and faults are as new."""
    await carrier.call("+14155550104")
    await carrier.control("PUT", "/faults", {"callback_drop": 1})
    await carrier.control("POST", "/reset")
    assert await carrier.control("GET", "/ledger") == []
    assert (await carrier.control("GET", "/faults"))["callback_drop"] == 0
    assert (await carrier.get("/Calls.json"))[1]["calls"] == []
