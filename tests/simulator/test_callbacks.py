"""Callbacks carry exactly the documented keys, signed, and behave on the wire as documented."""

import pytest

from tests.simulator.rig import PUBLIC, RELAY_TWIML, SID, TOKEN, Carrier, agent

ALICE, BOB, DAVE, IVAN = "+14155550101", "+14155550102", "+14155550104", "+14155550109"
CALL = {
    "CallSid", "AccountSid", "From", "To", "Caller", "Called", "CallStatus", "ApiVersion", "Direction",
    *(end + part for end in ("From", "To", "Caller", "Called") for part in ("City", "State", "Zip", "Country")),
}  # fmt: skip
PROGRESS = CALL | {"Timestamp", "CallbackSource", "SequenceNumber"}
TERMINAL = PROGRESS | {"CallDuration", "Duration", "SipResponseCode"}
RECORDING = {
    "AccountSid", "CallSid", "RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingDuration",
    "RecordingChannels", "RecordingStartTime", "RecordingSource", "RecordingTrack",
}  # fmt: skip
VENDOR = pytest.importorskip("twilio.request_validator", reason="the vendor's library is a dependency")
HANG_UP = "<Response><Hangup/></Response>"


async def test_every_kind_of_callback_of_an_answered_call_has_its_exact_keys(carrier: Carrier) -> None:
    """Status, instructions, relay action and recording requests are what the documents and captures say."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    await carrier.call(ALICE)
    await app.form("/recording", RecordingStatus="completed")
    initiated, ringing, answered, completed = app.forms("/status")
    assert set(initiated) == PROGRESS
    assert set(ringing) == set(answered) == PROGRESS | {"StirStatus"}
    assert set(completed) == TERMINAL
    assert (completed["SipResponseCode"], completed["CallDuration"], completed["Duration"]) == ("200", "1", "1")
    assert (initiated["CallbackSource"], initiated["Direction"]) == ("call-progress-events", "outbound-api")
    assert {initiated[key] for key in initiated if key.endswith(("City", "State", "Zip", "Country"))} == {""}
    assert set(app.forms("/voice")[0]) == CALL
    assert set(app.forms("/relay-ended")[0]) == CALL | {"SessionId", "SessionStatus", "SessionDuration", "HandoffData"}
    assert [set(form) for form in app.forms("/recording")] == [RECORDING, RECORDING]
    ready = app.forms("/recording")[1]
    assert (ready["RecordingSource"], ready["RecordingTrack"]) == ("StartCallRecordingTwiML", "both")
    assert ready["RecordingUrl"].endswith(f"/2010-04-01/Accounts/{SID}/Recordings/{ready['RecordingSid']}")


async def test_every_request_verifies_with_the_vendors_own_library(carrier: Carrier) -> None:
    """The vendor's validator accepts every form under its public URL, and the handshake under its wss URL."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    await carrier.call(ALICE)
    await app.form("/recording", RecordingStatus="completed")
    validator = VENDOR.RequestValidator(TOKEN)
    assert len(app.requests) >= 8
    for path, form, headers in app.requests:
        assert validator.validate(PUBLIC + path, dict(form), headers["x-twilio-signature"]), path
        assert headers["i-twilio-idempotency-token"]
        assert headers["host"] == "ringback.test"
    handshake = app.handshakes[0]
    assert validator.validate("wss://ringback.test/relay/1", {}, handshake["x-twilio-signature"])
    assert handshake["user-agent"] == "Jetty/11.0.24"
    assert "sec-websocket-extensions" not in handshake


@pytest.mark.parametrize(
    ("to", "more", "status", "sip"),
    [(BOB, (), "busy", "486"), (DAVE, (("Timeout", "1"),), "no-answer", "487"), (IVAN, (), "failed", "404")],
)
async def test_a_call_that_is_not_answered_says_why(
    carrier: Carrier, to: str, more: tuple[tuple[str, str], ...], status: str, sip: str
) -> None:
    """Busy, no answer and unreachable end with their status, SIP code and a duration of zero."""
    sid = await carrier.call(to, *more)
    last = await carrier.app.form("/status", CallStatus=status)
    assert set(last) == TERMINAL
    assert (last["SipResponseCode"], last["CallDuration"], last["Duration"]) == (sip, "0", "0")
    truth = await carrier.truth(sid)
    assert (truth["status"], truth["rings"]) == (status, 0 if to == IVAN else 1)
    if to == DAVE:
        assert 0.95 < truth["ended_at"] - truth["ringing_at"] < 1.5, "Timeout is real seconds at any speed"
        assert truth["hung_up_by"] == "timeout"
    assert carrier.app.forms("/voice") == []


async def test_the_sequence_counts_only_subscribed_events(carrier: Carrier) -> None:
    """With the default subscription the one callback has number 0."""
    form = [("To", BOB), ("From", "+14155550100"), ("Url", f"{PUBLIC}/voice"), ("StatusCallback", f"{PUBLIC}/status")]
    await carrier.post("/Calls.json", form)
    last = await carrier.app.form("/status", CallStatus="busy")
    assert last["SequenceNumber"] == "0"
    assert len(carrier.app.forms("/status")) == 1


@pytest.mark.parametrize(
    ("fragment", "attempts"), [("", 1), ("#rc=2&rp=5xx", 3), ("#rc=1&rp=all", 2), ("#rc=3&rp=4xx", 1)]
)
async def test_retries_follow_the_overrides_in_the_fragment(carrier: Carrier, fragment: str, attempts: int) -> None:
    """A 500 is retried so often as the fragment says, with one idempotency token and no fragment on the wire."""
    app = carrier.app
    app.statuses = {"/status": 500}
    form = [("To", BOB), ("From", "+14155550100"), ("Url", f"{PUBLIC}/voice")]
    _, body = await carrier.post("/Calls.json", [*form, ("StatusCallback", f"{PUBLIC}/status{fragment}")])
    truth = await carrier.until_reported(body["sid"])
    sent = truth["callbacks"][-1]
    assert (sent["attempts"], sent["status"]) == (attempts, 500)
    assert len(app.forms("/status")) == attempts
    assert len({headers["i-twilio-idempotency-token"] for _, _, headers in app.requests}) == 1


async def test_a_get_callback_carries_its_fields_in_the_signed_query(carrier: Carrier) -> None:
    """With method GET there is no body; the query, the URL's own part included, is what is signed."""
    app = carrier.app
    form = [("To", BOB), ("From", "+14155550100"), ("Url", f"{PUBLIC}/voice"), ("StatusCallbackMethod", "GET")]
    _, body = await carrier.post("/Calls.json", [*form, ("StatusCallback", f"{PUBLIC}/status?id=1#rc=0")])
    await carrier.until_reported(body["sid"])
    assert app.urls[0].startswith("/status?id=1&CallSid=CA")
    path, fields, headers = app.requests[0]
    assert (path, fields) == ("/status", [])
    validator = VENDOR.RequestValidator(TOKEN)
    assert validator.validate(PUBLIC + app.urls[0], {}, headers["x-twilio-signature"])


async def test_a_callback_that_fails_leaves_a_warning(carrier: Carrier) -> None:
    """A 500 for a status callback is 15003 in the notifications of the call."""
    carrier.app.statuses = {"/status": 500}
    sid = await carrier.call(BOB)
    await carrier.until_reported(sid)
    _, listed = await carrier.get(f"/Calls/{sid}/Notifications.json")
    assert {entry["error_code"] for entry in listed["notifications"]} == {"15003"}


async def test_a_stranger_is_never_contacted(carrier: Carrier) -> None:
    """A callback to a host that is neither mapped nor loopback is refused without a connection."""
    form = [("To", BOB), ("From", "+14155550100"), ("Url", f"{PUBLIC}/voice")]
    _, body = await carrier.post("/Calls.json", [*form, ("StatusCallback", "https://example.com/status")])
    truth = await carrier.until_reported(body["sid"])
    assert "neither mapped nor loopback" in truth["callbacks"][0]["error"]


async def test_a_failed_voice_request_goes_to_the_fallback_and_leaves_an_alert(carrier: Carrier) -> None:
    """A 500 for the instructions leads to the FallbackUrl and an 11200 in the call's notifications."""
    app = carrier.app
    app.statuses = {"/voice": 500}
    app.twiml = {"/fallback": HANG_UP}
    sid = await carrier.call(ALICE, ("FallbackUrl", f"{PUBLIC}/fallback"))
    await app.form("/status", CallStatus="completed")
    assert app.forms("/fallback")[0]["ErrorCode"] == "11200"
    _, listed = await carrier.get(f"/Calls/{sid}/Notifications.json")
    assert [entry["error_code"] for entry in listed["notifications"]] == ["11200"]
