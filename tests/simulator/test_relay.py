"""The relay as the application sees it: frames, interruption, and what was really heard."""

import re

from starlette.websockets import WebSocket

from tests.simulator.rig import RELAY_TWIML, Carrier, agent

ALICE, ERIN, GRACE = "+14155550101", "+14155550105", "+14155550107"
KEYS = "+14155550125"
HANG_UP = "<Response><Hangup/></Response>"
LONG = "First of all, thank you for taking the call. There are a great many things I would like to tell you today."


def _noun(**attributes: str) -> str:
    extra = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return RELAY_TWIML.replace("<ConversationRelay ", f"<ConversationRelay {extra} ")


async def test_the_setup_frame_is_the_captured_one(carrier: Carrier) -> None:
    """The first frame names session, call, account, both numbers and the document's parameters."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    sid = await carrier.call(ALICE)
    await app.form("/status", CallStatus="completed")
    setup = app.heard("setup")[0]
    assert re.fullmatch(r"VX[0-9a-f]{32}", setup.pop("sessionId"))
    assert setup == {
        "type": "setup",
        "callSid": sid,
        "parentCallSid": "",
        "from": "+14155550100",
        "to": ALICE,
        "forwardedFrom": "",
        "callerName": "",
        "direction": "outbound-api",
        "callType": "PSTN",
        "callStatus": "IN_PROGRESS",
        "accountSid": "AC" + "0" * 32,
        "customParameters": {"callId": "c1"},
    }


async def test_a_turn_is_reported_in_the_order_of_real_calls(carrier: Carrier) -> None:
    """The agent is audible, its tokens are played, it falls silent; then the callee speaks and is understood."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    await carrier.call(ALICE)
    await app.form("/relay-ended")
    told = [(f.get("name", f["type"]), f.get("value", f.get("voicePrompt"))) for f in app.frames[1:]]
    assert told == [
        ("agentSpeaking", "on"),
        ("tokensPlayed", "Sentence 0 of mine."),
        ("agentSpeaking", "off"),
        ("clientSpeaking", "on"),
        ("clientSpeaking", "off"),
        ("prompt", "Hello, this is Alice speaking."),
    ]


async def test_a_barge_in_purges_the_queue_and_reports_the_heard_words(carrier: Carrier) -> None:
    """What Erin heard before she interrupted is the same in tokens and ledger, and nothing queued follows."""
    app = carrier.app

    async def talk(socket: WebSocket) -> None:
        await app.hear_until(socket, "setup")
        await socket.send_json({"type": "text", "token": "Good morning.", "last": True})
        await app.hear_until(socket, "prompt")
        await socket.send_json({"type": "text", "token": LONG, "last": True})
        await socket.send_json({"type": "text", "token": "And this was queued.", "last": True})
        await app.hear_until(socket, "prompt")
        await socket.send_json({"type": "end"})

    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = talk
    sid = await carrier.call(ERIN)
    await app.form("/status", CallStatus="completed")
    spoken = (await carrier.truth(sid))["spoken"]
    assert [(s["role"], s["interrupted"]) for s in spoken] == [
        ("agent", False), ("user", False), ("agent", True), ("user", False),
    ]  # fmt: skip
    heard = spoken[2]["text"]
    assert LONG.startswith(heard)
    assert 0 < len(heard) < len(LONG) / 2
    assert LONG[len(heard)] == " "
    interrupt = app.heard("interrupt")[0]
    assert heard.endswith(interrupt["utteranceUntilInterrupt"])
    assert set(interrupt) == {"type", "utteranceUntilInterrupt", "durationUntilInterruptMs"}
    assert 500 < interrupt["durationUntilInterruptMs"] < 3000
    played = "".join(f["value"] for f in app.heard("info") if f["name"] == "tokensPlayed")
    assert played == "Good morning." + heard
    names = [f.get("name", f["type"]) + str(f.get("value", "")) for f in app.frames]
    start = names.index("interrupt")
    assert names[start - 2].startswith("clientSpeakingon")
    assert names[start + 1] == "agentSpeakingoff"
    assert "HandoffData" not in app.forms("/relay-ended")[0]


async def test_speech_that_must_not_be_interrupted_is_not(carrier: Carrier) -> None:
    """With interruptible none the agent is heard to the end, and what Erin said over it is not reported."""
    app = carrier.app
    app.twiml = {"/voice": _noun(interruptible="none"), "/relay-ended": HANG_UP}

    async def talk(socket: WebSocket) -> None:
        await app.hear_until(socket, "setup")
        await socket.send_json({"type": "text", "token": "Good morning.", "last": True})
        await app.hear_until(socket, "prompt")
        await socket.send_json({"type": "text", "token": LONG, "last": True})
        await app.hear_until(socket, "prompt")
        await socket.send_json({"type": "end"})

    app.talk = talk
    sid = await carrier.call(ERIN)
    await app.form("/status", CallStatus="completed")
    truth = await carrier.truth(sid)
    assert app.heard("interrupt") == []
    assert truth["spoken"][2] == {**truth["spoken"][2], "text": LONG, "interrupted": False}
    assert truth["unheard"] == ["Sorry, wait a moment. Who is this?"]


async def test_partial_prompts_grow_and_the_last_one_is_whole(carrier: Carrier) -> None:
    """With partialPrompts the prompts are cumulative and only the final one is last."""
    app = carrier.app
    app.twiml = {"/voice": _noun(partialPrompts="true"), "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    await carrier.call(ALICE)
    await app.form("/relay-ended")
    *partial, final = app.heard("prompt")
    assert len(partial) > 2
    assert all(final["voicePrompt"].startswith(prompt["voicePrompt"]) and not prompt["last"] for prompt in partial)
    assert final["last"] is True


async def test_keys_are_reported_when_asked_for_and_cut_the_agent(carrier: Carrier) -> None:
    """Each key is a dtmf frame, and none of them is in the spoken record."""
    app = carrier.app
    app.twiml = {"/voice": _noun(dtmfDetection="true"), "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    sid = await carrier.call(KEYS)
    await app.form("/relay-ended")
    assert [frame["digit"] for frame in app.heard("dtmf")] == ["1", "2", "#"]
    truth = await carrier.truth(sid)
    assert truth["digits"] == ["1", "2", "#"]
    assert [spoken["text"] for spoken in truth["spoken"]] == ["Sentence 0 of mine.", "I pressed one two."]


async def test_a_greeting_is_spoken_first(carrier: Carrier) -> None:
    """The welcome greeting is the agent's first utterance without a frame from the application."""
    app = carrier.app
    app.twiml = {"/voice": _noun(welcomeGreeting="Welcome."), "/relay-ended": HANG_UP}
    sid = await carrier.call(GRACE)
    await app.form("/status", CallStatus="completed")
    spoken = (await carrier.truth(sid))["spoken"]
    assert [(s["role"], s["text"]) for s in spoken] == [("agent", "Welcome."), ("user", "No, thank you.")]
