"""Machine detection, beside the call and before it."""

import pytest

from tests.simulator.rig import PUBLIC, Carrier

ALICE, CAROL, FAX, NO_BEEP, NEVER = "+14155550101", "+14155550103", "+14155550120", "+14155550126", "+14155550129"
WAIT = "<Response><Pause length='60'/></Response>"
ASIDE = (("AsyncAmd", "true"), ("AsyncAmdStatusCallback", f"{PUBLIC}/amd"))


@pytest.mark.parametrize(
    ("to", "mode", "verdict"),
    [
        (ALICE, "Enable", "human"),
        (ALICE, "DetectMessageEnd", "human"),
        (CAROL, "Enable", "machine_start"),
        (CAROL, "DetectMessageEnd", "machine_end_beep"),
        (NO_BEEP, "DetectMessageEnd", "machine_end_silence"),
        (FAX, "Enable", "fax"),
    ],
)
async def test_the_verdict_comes_beside_the_call(carrier: Carrier, to: str, mode: str, verdict: str) -> None:
    """The callback has exactly four keys, and call and last status callback carry the verdict too."""
    carrier.app.twiml = {"/voice": WAIT}
    sid = await carrier.call(to, ("MachineDetection", mode), *ASIDE)
    form = await carrier.app.form("/amd")
    assert set(form) == {"CallSid", "AccountSid", "AnsweredBy", "MachineDetectionDuration"}
    assert (form["CallSid"], form["AnsweredBy"]) == (sid, verdict)
    assert "AnsweredBy" not in carrier.app.forms("/voice")[0]
    await carrier.post(f"/Calls/{sid}.json", [("Status", "completed")])
    assert (await carrier.app.form("/status", CallStatus="completed"))["AnsweredBy"] == verdict
    assert (await carrier.get(f"/Calls/{sid}.json"))[1]["answered_by"] == verdict


async def test_synchronous_detection_holds_the_instructions(carrier: Carrier) -> None:
    """The voice request comes after the verdict and carries it."""
    carrier.app.twiml = {"/voice": "<Response><Hangup/></Response>"}
    await carrier.call(CAROL, ("MachineDetection", "DetectMessageEnd"))
    form = await carrier.app.form("/voice")
    assert (form["AnsweredBy"], form["MachineDetectionDuration"]) == ("machine_end_beep", "6500")


async def test_digits_to_send_turn_detection_off(carrier: Carrier) -> None:
    """SendDigits and MachineDetection together: no verdict."""
    carrier.app.twiml = {"/voice": "<Response><Hangup/></Response>"}
    sid = await carrier.call(ALICE, ("MachineDetection", "Enable"), ("SendDigits", "ww1"))
    await carrier.app.form("/status", CallStatus="completed")
    assert (await carrier.truth(sid))["answered_by"] is None


async def test_no_verdict_comes_after_a_hangup_or_from_who_is_never_judged(carrier: Carrier) -> None:
    """A call that ended before its verdict has none, and neither has the callee whose verdict never comes."""
    carrier.app.twiml = {"/voice": "<Response><Hangup/></Response>"}
    for to in (ALICE, NEVER):
        sid = await carrier.call(to, ("MachineDetection", "Enable"), *ASIDE)
        await carrier.app.form("/status", CallStatus="completed", CallSid=sid)
        assert (await carrier.truth(sid))["answered_by"] is None
    assert carrier.app.forms("/amd") == []


async def test_a_late_verdict_comes_even_after_the_hangup(carrier: Carrier) -> None:
    """The fault that makes verdicts late sends them to calls that are over."""
    await carrier.control("PUT", "/faults", {"amd_late_seconds": 0.2})
    carrier.app.twiml = {"/voice": "<Response><Hangup/></Response>"}
    sid = await carrier.call(ALICE, ("MachineDetection", "Enable"), *ASIDE)
    await carrier.app.form("/amd", AnsweredBy="human")
    assert (await carrier.truth(sid))["status"] == "completed"
