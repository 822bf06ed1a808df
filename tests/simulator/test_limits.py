"""The carrier's own limits: ring Timeout, TimeLimit, calls per second, calls at once."""

from simulator.account import Account
from simulator.app import create
from tests.simulator.rig import SID, TOKEN, Carrier, serving

FRANK, DAVE, STUCK = "+14155550106", "+14155550104", "+14155550122"
WAIT = "<Response><Pause length='3600'/></Response>"


async def test_the_time_limit_ends_a_call_in_real_seconds(carrier: Carrier) -> None:
    """A limit of one second is one second at any speed, whether from the start or given to a live call."""
    carrier.app.twiml = {"/voice": WAIT.replace("3600", "360000")}
    sids = [await carrier.call(FRANK, ("TimeLimit", "1")), await carrier.call(FRANK)]
    await carrier.until(sids[1], "in-progress")
    await carrier.post(f"/Calls/{sids[1]}.json", [("TimeLimit", "1")])
    for sid in sids:
        last = await carrier.app.form("/status", CallStatus="completed", CallSid=sid)
        truth = await carrier.truth(sid)
        assert truth["hung_up_by"] == "time_limit"
        assert 0.95 < truth["ended_at"] - truth["answered_at"] < 1.5
        assert last["SipResponseCode"] == "200"


async def test_a_queued_call_can_be_cancelled_and_never_rings(carrier: Carrier) -> None:
    """Cancelling in the queue ends the call without a SIP code and without a ring."""
    sid = await carrier.call(STUCK)
    await carrier.post(f"/Calls/{sid}.json", [("Status", "canceled")])
    last = await carrier.app.form("/status", CallStatus="canceled")
    assert "SipResponseCode" not in last
    assert (await carrier.truth(sid))["rings"] == 0


async def test_a_ringing_call_can_be_cancelled(carrier: Carrier) -> None:
    """Cancelling while it rings ends the call as canceled."""
    sid = await carrier.call(DAVE)
    await carrier.until(sid, "ringing")
    await carrier.post(f"/Calls/{sid}.json", [("Status", "canceled")])
    await carrier.app.form("/status", CallStatus="canceled")
    truth = await carrier.truth(sid)
    assert (truth["hung_up_by"], truth["rings"], truth["billed_seconds"]) == ("api", 1, 0)


async def test_calls_beyond_the_rate_wait_in_the_queue(carrier: Carrier) -> None:
    """Two calls a second: each next one is told half a second more, and starts so much later."""
    account = Account(sid=SID, auth_token=TOKEN, cps=2, speed=100)
    async with serving(create(account)) as origin:
        slow = Carrier(origin, carrier.http, carrier.app)
        sids = [await slow.call(DAVE) for _ in range(3)]
        waits = [int((await slow.get(f"/Calls/{sid}.json"))[1]["queue_time"]) for sid in sids]
        assert waits[0] == 0
        assert 350 < waits[1] <= 500
        assert 850 < waits[2] <= 1000
        await slow.until(sids[1], "ringing")
        assert (await slow.truth(sids[2]))["status"] == "queued"


async def test_too_many_calls_at_once_are_refused(carrier: Carrier) -> None:
    """With a limit of one, a second call is refused with 10004 while the first one lives."""
    account = Account(sid=SID, auth_token=TOKEN, cps=100, speed=100, concurrency_limit=1)
    async with serving(create(account)) as origin:
        small = Carrier(origin, carrier.http, carrier.app)
        sid = await small.call(DAVE)
        await small.until(sid, "ringing")
        form = [("To", DAVE), ("From", "+14155550100"), ("Url", "https://ringback.test/voice")]
        _, body = await small.post("/Calls.json", form)
        assert body["code"] == 10004
        await small.post(f"/Calls/{sid}.json", [("Status", "canceled")])
        assert (await small.post("/Calls.json", form))[0] == 201
