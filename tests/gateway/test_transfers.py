"""Transfers as the carrier asks about them."""

import pytest

from calls import facts as f
from calls.records import Progress, TransferEntry
from calls.words import CallStatus
from tests.gateway.conftest import CALLER, Rig
from tests.gateway.fake_carrier import CHILD_SID, OTHER_SID, FakeCarrier, verbs

TARGET = "+14155550110"


async def _asked(rig: Rig, status: str = "requested", request_id: str = "t1") -> None:
    entry = TransferEntry(request_id=request_id, to_number=TARGET, status=status)
    progress = Progress(revision=5, status=CallStatus.ONGOING, transfer=entry)
    await rig.parts.calls.save_progress("call-1", progress)


@pytest.fixture
async def carrier(rig: Rig) -> FakeCarrier:
    """A carrier with one answered call of ours."""
    made = FakeCarrier(rig)
    await made.register()
    await made.answer()
    return made


async def test_the_target_is_rung(carrier: FakeCarrier) -> None:
    """The transfer that is under way is dialled, from the call's own number and with its limits."""
    await _asked(carrier.rig)
    answer = await carrier.post("transfer", request_id="t1")
    assert verbs(answer) == ["Dial"]
    for said in (f">{TARGET}<", f'callerId="{CALLER}"', 'timeout="30"', 'timeLimit="14400"', 'answerOnBridge="true"'):
        assert said in answer.text


@pytest.mark.parametrize(("status", "request_id"), [("failed", "t1"), ("bridged", "t1"), ("requested", "t0")])
async def test_no_other_transfer_is_dialled(carrier: FakeCarrier, status: str, request_id: str) -> None:
    """A transfer that is not the one under way is answered by a hangup."""
    await _asked(carrier.rig, status)
    assert verbs(await carrier.post("transfer", request_id=request_id)) == ["Hangup"]


async def test_without_a_transfer_nothing_is_dialled(carrier: FakeCarrier) -> None:
    """A call that nobody transferred, and a carrier call that is not the call's own, dial nobody."""
    assert verbs(await carrier.post("transfer", request_id="t1")) == ["Hangup"]
    await _asked(carrier.rig)
    assert verbs(await carrier.post("transfer", request_id="t1", sid=OTHER_SID)) == ["Hangup"]
    assert await carrier.late() == ["foreign_question"]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
async def test_a_target_that_is_not_reached_gives_the_callee_back(carrier: FakeCarrier, status: str) -> None:
    """The failure is told, and the callee is connected to the agent again, who is told too."""
    await _asked(carrier.rig)
    answer = await carrier.post("transfer-ended", request_id="t1", DialCallStatus=status, DialCallSid=CHILD_SID)
    assert verbs(answer) == ["Connect"]
    assert '<Parameter name="after" value="transfer-failed" />' in answer.text
    [(_, fact)] = carrier.rig.control.told
    assert isinstance(fact, f.TransferFailed)
    assert (fact.request_id, fact.carrier_status) == ("t1", status)


async def test_the_callee_does_not_wait_for_the_engine(carrier: FakeCarrier) -> None:
    """While the engine is away the callee is given back to the agent all the same."""
    await _asked(carrier.rig)
    carrier.rig.control.fails = True
    assert verbs(await carrier.post("transfer-ended", request_id="t1", DialCallStatus="busy")) == ["Connect"]


async def test_the_end_of_a_transferred_talk(carrier: FakeCarrier) -> None:
    """After the talk the call is hung up; the bridge is told too, for its own report may have been lost."""
    await _asked(carrier.rig)
    form = {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "9", "DialCallSid": CHILD_SID}
    assert verbs(await carrier.post("transfer-ended", request_id="t1", **form)) == ["Hangup"]
    assert [fact.kind for _, fact in carrier.rig.control.told] == ["transfer_bridged", "transfer_ended"]


async def test_a_callee_who_hung_up_is_not_given_back(carrier: FakeCarrier) -> None:
    """When the callee hung up while the target rang there is nobody to give back."""
    await _asked(carrier.rig)
    form = {"DialCallStatus": "canceled", "CallStatus": "completed"}
    assert verbs(await carrier.post("transfer-ended", request_id="t1", **form)) == ["Hangup"]
    assert [fact.kind for _, fact in carrier.rig.control.told] == ["transfer_failed"]


async def test_the_end_of_a_foreign_transfer_changes_nothing(carrier: FakeCarrier) -> None:
    """A carrier call that is not the call's own cannot end its transfer."""
    await _asked(carrier.rig)
    answer = await carrier.post("transfer-ended", sid=OTHER_SID, request_id="t1", DialCallStatus="completed")
    assert verbs(answer) == ["Hangup"]
    assert carrier.rig.control.told == []


async def test_the_unsigned_is_refused(carrier: FakeCarrier) -> None:
    """Without the carrier's signature every question about a transfer is a 403."""
    await _asked(carrier.rig)
    for what in ("transfer", "transfer-leg", "transfer-ended"):
        path = f"/twilio/{what}/call-1/attempt-1/t1"
        assert (await carrier.send(path, {"DialCallStatus": "completed"}, "wrong")).status_code == 403
    assert carrier.rig.control.told == []
