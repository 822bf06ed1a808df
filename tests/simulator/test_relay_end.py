"""How a relay session ends, and what the application is told then."""

import json

import pytest
from starlette.websockets import WebSocket

from tests.simulator.rig import RELAY_TWIML, Carrier, agent

ALICE, FRANK, GRACE, DROPPED = "+14155550101", "+14155550106", "+14155550107", "+14155550121"
HANG_UP = "<Response><Hangup/></Response>"


async def test_a_callee_who_hangs_up_closes_the_relay_and_completes_the_call(carrier: Carrier) -> None:
    """Socket 1000, then the action with both statuses completed, then the last status callback."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = agent(app, 5)
    sid = await carrier.call(GRACE)
    await app.form("/status", CallStatus="completed")
    action = app.forms("/relay-ended")[0]
    assert (action["SessionStatus"], action["CallStatus"]) == ("completed", "completed")
    assert not {"HandoffData", "ErrorCode"} & set(action)
    order = [path for path, form, _ in app.requests if path == "/relay-ended" or ("CallStatus", "completed") in form]
    assert order == ["/relay-ended", "/status"]
    truth = await carrier.truth(sid)
    assert (truth["hung_up_by"], truth["relay_sessions"][0]["close_code"]) == ("callee", 1000)


async def test_a_socket_that_dies_fails_the_session_and_the_answer_resumes_it(carrier: Carrier) -> None:
    """The action says failed/64105 with the call in progress; a fresh Connect gives a new session on the same call."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": RELAY_TWIML.replace("relay-ended", "relay-ended-again")}
    app.twiml["/relay-ended-again"] = HANG_UP
    app.talk = agent(app, 3)
    sid = await carrier.call(DROPPED)
    await app.form("/status", CallStatus="completed")
    action = app.forms("/relay-ended")[0]
    assert (action["SessionStatus"], action["ErrorCode"], action["ErrorMessage"], action["CallStatus"]) == (
        "failed", "64105", "Websocket ended", "in-progress",
    )  # fmt: skip
    first, second = app.heard("setup")
    assert first["callSid"] == second["callSid"] == sid
    assert first["sessionId"] != second["sessionId"]
    assert app.forms("/relay-ended-again")[0]["SessionStatus"] == "ended"


@pytest.mark.parametrize("bad", ["nonsense", '{"type":"connected"}', '{"type":"text","token":null}', "[]"])
async def test_ten_bad_frames_in_a_row_end_the_session(carrier: Carrier, bad: str) -> None:
    """Each is answered with an error that names 64107; the tenth closes with 1007 and the session has failed."""
    app = carrier.app

    async def talk(socket: WebSocket) -> None:
        await app.hear_until(socket, "setup")
        for _ in range(10):
            await socket.send_text(bad)

    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = talk
    sid = await carrier.call(FRANK)
    action = await app.form("/relay-ended", SessionStatus="failed", ErrorCode="64105")
    assert action["CallStatus"] == "in-progress"
    assert [e["description"] for e in app.heard("error")] == [f"Invalid message received, code: 64107, {bad}"] * 10
    assert (await carrier.truth(sid))["relay_sessions"][0]["close_code"] == 1007


async def test_a_relay_that_cannot_connect_fails_with_its_own_code(carrier: Carrier) -> None:
    """Nobody listens at the relay's address: the action says failed/39001 and an alert names 64102."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML.replace("/relay/1", "/nothing"), "/relay-ended": HANG_UP}
    sid = await carrier.call(ALICE)
    action = await app.form("/relay-ended")
    assert (action["SessionStatus"], action["ErrorCode"]) == ("failed", "39001")
    _, listed = await carrier.get(f"/Calls/{sid}/Notifications.json")
    assert [entry["error_code"] for entry in listed["notifications"]] == ["64102"]


async def test_silence_lasts_until_somebody_ends_it(carrier: Carrier) -> None:
    """Frank says nothing; hanging up over REST closes the relay with 1000 and reports completed."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    sid = await carrier.call(FRANK)
    async with app.arrived:
        await app.arrived.wait_for(lambda: app.heard("setup"))
    await carrier.post(f"/Calls/{sid}.json", [("Status", "completed")])
    await app.form("/status", CallStatus="completed")
    truth = await carrier.truth(sid)
    assert truth["hung_up_by"] == "api"
    assert app.forms("/relay-ended")[0]["CallStatus"] == "completed"
    assert app.heard("prompt") == []


async def test_new_instructions_take_the_call_out_of_its_relay(carrier: Carrier) -> None:
    """An update with Twiml closes the relay, posts the action with the call in progress and ignores its answer."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": "<Response><Say>Never heard.</Say></Response>"}
    app.talk = agent(app, 1)
    sid = await carrier.call(FRANK)
    async with app.arrived:
        await app.arrived.wait_for(lambda: app.heard("setup"))
    status, _ = await carrier.post(f"/Calls/{sid}.json", [("Twiml", "<Response><Say>Goodbye.</Say></Response>")])
    assert status == 200
    await app.form("/relay-ended", SessionStatus="completed", CallStatus="in-progress")
    await app.form("/status", CallStatus="completed")
    truth = await carrier.truth(sid)
    assert truth["spoken"][-1]["text"] == "Goodbye."
    assert truth["relay_sessions"][0]["close_code"] == 1000
    assert "Never heard." not in json.dumps(truth["spoken"])


async def test_a_carrier_that_reconnects_replays_what_it_could_not_tell(carrier: Carrier) -> None:
    """With applicationReconnect the same session comes back, its setup first, and no action is asked meanwhile."""
    app = carrier.app
    asked = RELAY_TWIML.replace("<ConversationRelay ", '<ConversationRelay applicationReconnect="true" ')
    app.twiml = {"/voice": asked, "/relay-ended": HANG_UP}
    sockets: list[WebSocket] = []

    async def talk(socket: WebSocket) -> None:
        await app.hear_until(socket, "setup")
        sockets.append(socket)
        if len(sockets) == 1:
            await socket.send_json({"type": "text", "token": "Who is there?", "last": True})
            await socket.close(1011)
            return
        await app.hear_until(socket, "prompt")
        await socket.send_json({"type": "end"})

    app.talk = talk
    sid = await carrier.call(GRACE)
    await app.form("/relay-ended", SessionStatus="ended")
    first, second = app.heard("setup")
    assert first["sessionId"] == second["sessionId"]
    (prompt,) = app.heard("prompt")
    assert prompt["voicePrompt"] == "No, thank you."
    assert len((await carrier.truth(sid))["relay_sessions"]) == 1
