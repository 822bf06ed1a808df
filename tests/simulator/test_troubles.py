"""What a story can let go wrong with one number, while all others are well."""

import json

import pytest
from starlette.websockets import WebSocket

from tests.simulator.rig import CALLER, PUBLIC, RELAY_TWIML, Carrier, agent

ALICE, STRANGER = "+14155550101", "+14155550170"
HANG_UP = "<Response><Hangup/></Response>"


@pytest.mark.parametrize(("code", "status"), [(10001, 403), (10004, 429), (21216, 400), (20500, 500)])
async def test_one_number_cannot_be_called(carrier: Carrier, code: int, status: int) -> None:
    """The create of this number fails with the story's error and leaves no call; another number is dialled."""
    await carrier.control("PUT", f"/stories/{STRANGER}", {"name": "Refused", "create_error": code})
    form = [("To", STRANGER), ("From", CALLER), ("Url", f"{PUBLIC}/voice")]
    answered, body = await carrier.post("/Calls.json", form)
    assert (answered, body["code"]) == (status, code)
    assert await carrier.control("GET", f"/ledger?to={STRANGER}") == []
    assert await carrier.call(ALICE)


async def test_an_error_that_the_api_does_not_have_is_refused(carrier: Carrier) -> None:
    """A story with an unknown code is a 422 that names it."""
    story = {"name": "Refused", "create_error": 12345}
    async with carrier.http.put(f"{carrier.origin}/_sim/stories/{STRANGER}", json=story) as response:
        assert response.status == 422
        assert "12345" in await response.text()


async def test_a_call_vanishes(carrier: Carrier) -> None:
    """The last report says completed, without an answer before it, a talk or a SIP code."""
    await carrier.control("PUT", f"/stories/{STRANGER}", {"name": "Vanishes", "outcome": "vanish"})
    await carrier.call(STRANGER)
    last = await carrier.app.form("/status", CallStatus="completed")
    assert last["CallDuration"] == "0"
    assert "SipResponseCode" not in last
    assert "in-progress" not in [form["CallStatus"] for form in carrier.app.forms("/status")]


@pytest.mark.parametrize(("trouble", "code"), [("refused", "39001"), ("crowded", "64109"), ("deaf", "64114")])
async def test_a_relay_fails(carrier: Carrier, trouble: str, code: str) -> None:
    """The action says what failed while the call goes on; a relay that never opened says nothing else."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    await carrier.control("PUT", f"/stories/{STRANGER}", {"name": "No relay", "relay": trouble})
    await carrier.call(STRANGER)
    action = await app.form("/relay-ended", SessionStatus="failed", ErrorCode=code)
    assert (action["CallStatus"], bool(action["ErrorMessage"])) == ("in-progress", True)
    await app.form("/status", CallStatus="completed")
    assert len(app.heard("setup")) == (trouble == "deaf")


async def test_a_relay_never_comes_up(carrier: Carrier) -> None:
    """The call is answered and stays up, but nobody ever knocks at the relay's address until the call is ended."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    await carrier.control("PUT", f"/stories/{STRANGER}", {"name": "No audio", "relay": "mute"})
    sid = await carrier.call(STRANGER)
    await app.form("/voice")
    await carrier.until(sid, "in-progress")
    await carrier.post(f"/Calls/{sid}.json", [("Status", "completed")])
    await app.form("/status", CallStatus="completed")
    assert app.handshakes == []


async def test_a_relay_sends_what_nobody_can_read(carrier: Carrier) -> None:
    """After the setup come frames that are no JSON, more than ten in a row."""
    app, unread = carrier.app, list[str]()

    async def talk(socket: WebSocket) -> None:
        await app.hear_until(socket, "setup")
        while len(unread) < 11:
            unread.append(await socket.receive_text())
        await socket.close()

    app.twiml, app.talk = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}, talk
    await carrier.control("PUT", f"/stories/{STRANGER}", {"name": "Garbled", "relay": "garbled"})
    await carrier.call(STRANGER)
    await app.form("/status", CallStatus="completed")
    for frame in unread:
        with pytest.raises(json.JSONDecodeError):
            json.loads(frame)


async def test_a_relay_loses_one_socket_after_the_other(carrier: Carrier) -> None:
    """Each of the sockets that the story names dies; the one after them lives on."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": RELAY_TWIML}
    app.talk = agent(app, 1, then_end=False)
    story = {"name": "A bad line", "relay_drops_after_seconds": 1, "relay_drops": 2}
    await carrier.control("PUT", f"/stories/{STRANGER}", story)
    sid = await carrier.call(STRANGER)
    async with app.arrived:
        await app.arrived.wait_for(lambda: len(app.heard("setup")) == 3)
    await carrier.post(f"/Calls/{sid}.json", [("Status", "completed")])
    await app.form("/status", CallStatus="completed")
    ends = [session["ended_as"] for session in (await carrier.truth(sid))["relay_sessions"]]
    assert ends == ["failed", "failed", "completed"]
