"""A dialled leg is a call of its own, and the first call goes on with the Dial's action."""

import pytest

from tests.simulator.rig import RELAY_TWIML, Carrier, agent

HEIDI, ALICE = "+14155550108", "+14155550101"
ANSWERS, BUSY, NOBODY, UNREACHABLE = "+14155550110", "+14155550111", "+14155550104", "+14155550109"
HANG_UP = "<Response><Hangup/></Response>"


def dial(number: str, timeout: int = 20) -> str:
    """A document that transfers to a number."""
    return f"""<Response><Dial action="https://ringback.test/dial-done" answerOnBridge="true" timeout="{timeout}"
      callerId="+14155550100"><Number statusCallback="https://ringback.test/leg"
      statusCallbackEvent="initiated ringing answered completed">{number}</Number></Dial></Response>"""


async def _transferred(carrier: Carrier, number: str, *, ring_seconds: int = 20) -> tuple[str, dict[str, str]]:
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": dial(number, ring_seconds), "/dial-done": HANG_UP}
    app.talk = agent(app, 1)
    sid = await carrier.call(HEIDI)
    action = await app.form("/dial-done")
    await app.form("/status", CallStatus="completed")
    await app.form("/leg", CallStatus=action["DialCallStatus"])
    return sid, action


async def test_a_bridged_transfer_lasts_until_its_target_hangs_up(carrier: Carrier) -> None:
    """The leg reports as outbound-dial with its parent, and the action tells how long it was."""
    sid, action = await _transferred(carrier, ANSWERS)
    assert (action["DialCallStatus"], action["DialBridged"], action["CallStatus"]) == (
        "completed",
        "true",
        "in-progress",
    )
    assert int(action["DialCallDuration"]) >= 1
    assert {f["ParentCallSid"] for f in carrier.app.forms("/leg")} == {sid}
    assert {f["Direction"] for f in carrier.app.forms("/leg")} == {"outbound-dial"}
    assert [f["CallStatus"] for f in carrier.app.forms("/leg")] == ["initiated", "ringing", "in-progress", "completed"]
    truth = await carrier.truth(sid)
    bridged = truth["transfers"][0]
    assert truth["answered_at"] < bridged.pop("bridged_at") < truth["ended_at"]
    assert bridged == {
        "sid": action["DialCallSid"], "to": ANSWERS, "status": "completed", "bridged": True, "seconds": 1,
    }  # fmt: skip
    _, children = await carrier.get(f"/Calls.json?ParentCallSid={sid}")
    assert [child["sid"] for child in children["calls"]] == [action["DialCallSid"]]
    assert truth["spoken"][1]["text"] == "I would like to speak to a human, please."


@pytest.mark.parametrize(("number", "status"), [(BUSY, "busy"), (NOBODY, "no-answer"), (UNREACHABLE, "failed")])
async def test_a_transfer_that_is_not_answered_comes_back(carrier: Carrier, number: str, status: str) -> None:
    """The action says why, and its answer decides what the first call does."""
    sid, action = await _transferred(carrier, number, ring_seconds=1)
    assert (action["DialCallStatus"], action["DialBridged"]) == (status, "false")
    assert "DialCallDuration" not in action
    assert (await carrier.truth(sid))["transfers"][0]["bridged"] is False


@pytest.mark.parametrize("phase", ["ringing", "answered"])
async def test_ending_the_first_call_ends_the_other(carrier: Carrier, phase: str) -> None:
    """Hanging up during a transfer ends both legs, and no action is posted."""
    app = carrier.app
    target = {"ringing": NOBODY, "answered": ALICE}[phase]
    await carrier.control("PUT", f"/stories/{ALICE}", {"name": "Talks for long", "talk_seconds": 3600})
    app.twiml = {"/voice": dial(target)}
    sid = await carrier.call("+14155550106")
    await app.form("/leg", CallStatus={"ringing": "ringing", "answered": "in-progress"}[phase])
    await carrier.post(f"/Calls/{sid}.json", [("Status", "completed")])
    await app.form("/status", CallStatus="completed")
    child = await app.form("/leg", CallStatus={"ringing": "canceled", "answered": "completed"}[phase])
    truth = await carrier.truth(child["CallSid"])
    assert (truth["hung_up_by"], truth["parent_sid"]) == ("parent", sid)
    assert app.forms("/dial-done") == []


async def test_after_a_busy_transfer_the_talk_goes_on_in_a_new_session(carrier: Carrier) -> None:
    """The Dial's action answers with a fresh Connect: same call, new session, and Heidi's next line."""
    app = carrier.app
    app.twiml = {
        "/voice": RELAY_TWIML,
        "/relay-ended": dial(BUSY),
        "/dial-done": RELAY_TWIML.replace("relay-ended", "over"),
        "/over": HANG_UP,
    }
    app.talk = agent(app, 1)
    sid = await carrier.call(HEIDI)
    await app.form("/status", CallStatus="completed")
    truth = await carrier.truth(sid)
    assert [s["text"] for s in truth["spoken"] if s["role"] == "user"] == [
        "I would like to speak to a human, please.",
        "Okay, never mind then.",
    ]
    assert len({frame["sessionId"] for frame in app.heard("setup")}) == 2
    assert len(truth["recordings"]) == 1, "the second Start finds the recording running"
