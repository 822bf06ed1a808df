"""Every fault switch does what it says, only to whom it names, and the same again for the same seed."""

import asyncio
import time

import aiohttp
import pytest

from simulator.faults import Dice, Faults
from tests.simulator.rig import CALLER, PUBLIC, RELAY_TWIML, Carrier, agent

ALICE, BOB, CAROL, FRANK = "+14155550101", "+14155550102", "+14155550103", "+14155550106"
HANG_UP = "<Response><Hangup/></Response>"
FORM = [("To", BOB), ("From", CALLER), ("Url", f"{PUBLIC}/voice")]


async def _create(carrier: Carrier) -> tuple[int, int]:
    status, body = await carrier.post("/Calls.json", FORM)
    return status, body.get("code", 0)


@pytest.mark.parametrize(
    ("switch", "status", "code", "accepted"),
    [
        ({"create_error_before": 1}, 500, 20500, 0),
        ({"create_error_after": 1}, 500, 20500, 1),
        ({"create_too_many": 1}, 429, 20429, 0),
        ({"account_suspended": True}, 403, 10001, 0),
        ({"create_error_before": 1, "only_to": [ALICE]}, 201, 0, 1),
    ],
)
async def test_a_create_fails_before_or_after_it_was_accepted(
    carrier: Carrier, switch: dict[str, object], status: int, code: int, accepted: int
) -> None:
    """The answer lies as told; the ledger knows whether the call exists."""
    await carrier.control("PUT", "/faults", switch)
    assert await _create(carrier) == (status, code)
    assert len(await carrier.control("GET", "/ledger?to=" + BOB)) == accepted


async def test_a_create_can_be_accepted_and_then_hang(carrier: Carrier) -> None:
    """The client gives up, and the phone rings all the same."""
    await carrier.control("PUT", "/faults", {"create_hang": 1, "create_hang_seconds": 0.5})
    with pytest.raises(TimeoutError):
        await carrier.http.post(f"{carrier.account}/Calls.json", data=FORM, timeout=aiohttp.ClientTimeout(total=0.2))
    (call,) = await carrier.control("GET", "/ledger")
    assert (await carrier.until(call["sid"], "busy"))["rings"] == 1


async def test_callbacks_get_lost_doubled_and_late(carrier: Carrier) -> None:
    """Dropped callbacks never come; doubled ones share a token; delayed ones come later."""
    app = carrier.app
    await carrier.control("PUT", "/faults", {"callback_drop": 1})
    sid = await carrier.call(BOB)
    truth = await carrier.until_reported(sid)
    assert {sent["attempts"] for sent in truth["callbacks"]} == {0}
    await carrier.control("PUT", "/faults", {"callback_duplicate": 1})
    await carrier.until_reported(await carrier.call(BOB))
    assert [f["SequenceNumber"] for f in app.forms("/status")] == ["0", "0", "1", "1", "2", "2"]
    assert {f["CallSid"] for f in app.forms("/status")}.isdisjoint({sid})
    tokens = [headers["i-twilio-idempotency-token"] for _, _, headers in app.requests]
    assert tokens[0::2] == tokens[1::2]
    await carrier.control("PUT", "/faults", {"callback_delay": 1, "callback_delay_seconds": 0.3})
    late = await carrier.call(BOB)
    await app.form("/status", CallSid=late, CallStatus="initiated")
    assert time.time() - (await carrier.truth(late))["initiated_at"] >= 0.3


async def test_callbacks_come_in_a_storm(carrier: Carrier) -> None:
    """Every callback comes so often as wanted, with one token, and in any order."""
    app = carrier.app
    await carrier.control("PUT", "/faults", {"seed": 2, "callback_copies": 5, "callback_scatter_seconds": 0.3})
    await carrier.until_callbacks(await carrier.call(BOB), 15)
    order = [form["SequenceNumber"] for form in app.forms("/status")]
    assert sorted(order) == sorted("012" * 5)
    assert order != sorted(order)
    assert len({headers["i-twilio-idempotency-token"] for _, _, headers in app.requests}) == 3


async def test_callbacks_overtake_one_another(carrier: Carrier) -> None:
    """With reordering ringing arrives before initiated, as on real calls; the numbers stay true."""
    await carrier.control("PUT", "/faults", {"callback_reorder": 1})
    await carrier.until_reported(await carrier.call(BOB))
    await carrier.app.form("/status", SequenceNumber="0")
    order = [form["SequenceNumber"] for form in carrier.app.forms("/status")]
    assert sorted(order) == ["0", "1", "2"]
    assert order.index("1") < order.index("0")


async def test_verdicts_get_lost_and_wrong(carrier: Carrier) -> None:
    """A missing verdict is never told; a wrong one calls a machine human."""
    carrier.app.twiml = {"/voice": "<Response><Pause length='60'/></Response>"}
    more = (("MachineDetection", "Enable"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", f"{PUBLIC}/amd"))
    await carrier.control("PUT", "/faults", {"amd_missing": 1, "only_to": [ALICE], "amd_wrong": 1})
    await carrier.until(await carrier.call(ALICE, *more), "in-progress")
    await carrier.control("PUT", "/faults", {"amd_wrong": 1})
    sid = await carrier.call(CAROL, *more)
    form = await carrier.app.form("/amd")
    assert (form["CallSid"], form["AnsweredBy"]) == (sid, "human")
    assert len(carrier.app.forms("/amd")) == 1


async def test_recordings_get_lost_or_are_not_there_yet(carrier: Carrier) -> None:
    """An absent recording says so and has no media; media may be missing for the first downloads."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML.replace("<Connect", "<Say>Bye.</Say><Hangup/><Connect")}
    await carrier.control("PUT", "/faults", {"recording_absent": 1})
    await carrier.call(ALICE)
    absent = await app.form("/recording", RecordingStatus="absent")
    address = f"{carrier.account}/Recordings/"
    async with carrier.http.get(f"{address}{absent['RecordingSid']}.wav") as response:
        assert response.status == 404
    _, resource = await carrier.get(f"/Recordings/{absent['RecordingSid']}.json")
    assert (resource["status"], resource["duration"]) == ("absent", None)
    await carrier.control("PUT", "/faults", {"media_not_found_times": 2, "recording_late_seconds": 0.2})
    sid = await carrier.call(ALICE)
    ready = await app.form("/recording", RecordingStatus="completed")
    assert time.time() - (await carrier.truth(sid))["ended_at"] >= 0.2
    statuses = []
    for _ in range(3):
        async with carrier.http.get(f"{address}{ready['RecordingSid']}.wav") as response:
            statuses.append(response.status)
    assert statuses == [404, 404, 200]


async def test_the_api_lags_behind_the_truth(carrier: Carrier) -> None:
    """A call is not in the list yet, and fetching it shows an older status."""
    await carrier.control("PUT", "/faults", {"list_lag_seconds": 0.4})
    sid = await carrier.call(BOB)
    assert (await carrier.get("/Calls.json"))[1]["calls"] == []
    await carrier.until(sid, "busy")
    assert (await carrier.get(f"/Calls/{sid}.json"))[1]["status"] == "queued"
    await asyncio.sleep(0.4)  # the lag itself, which is real time
    assert (await carrier.get(f"/Calls/{sid}.json"))[1]["status"] == "busy"
    assert (await carrier.get("/Calls.json"))[1]["calls"][0]["sid"] == sid


@pytest.mark.parametrize(
    ("switch", "code"), [({"relay_refused": 1}, "39001"), ({"relay_killed_after_seconds": 0.1}, "64105")]
)
async def test_relays_are_refused_and_killed(carrier: Carrier, switch: dict[str, float], code: str) -> None:
    """The action tells which of the two it was."""
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": HANG_UP}
    app.talk = agent(app, 1)
    await carrier.control("PUT", "/faults", switch)
    await carrier.call(FRANK)
    assert (await app.form("/relay-ended"))["ErrorCode"] == code


def test_the_same_seed_throws_the_same_and_switches_do_not_disturb_one_another() -> None:
    """A sequence depends on seed and switch alone."""
    faults = Faults(seed=7, callback_drop=0.5, callback_delay=0.5)
    alone, mixed, other = Dice(faults), Dice(faults), Dice(faults.model_copy(update={"seed": 8}))
    first = [alone.falls("callback_drop", BOB) for _ in range(50)]
    second = []
    for _ in range(50):
        mixed.falls("callback_delay", BOB)
        second.append(mixed.falls("callback_drop", BOB))
    assert first == second
    assert first != [other.falls("callback_drop", BOB) for _ in range(50)]


async def test_unknown_switches_are_refused_by_name(carrier: Carrier) -> None:
    """A typo in a switch must not pass silently, nor a chance above one."""
    for wrong, name in (({"callback_dropp": 1}, "callback_dropp"), ({"callback_drop": 2}, "callback_drop")):
        async with carrier.http.put(f"{carrier.origin}/_sim/faults", json=wrong) as response:
            assert response.status == 422
            assert name in await response.text()
