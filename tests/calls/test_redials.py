"""Which calls are followed by a redial, when, and under which ids."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from calls import facts as f
from calls.lifecycle import record
from calls.model import Call, CallOrder, CallPlan, CallRequest
from calls.policy import Policy
from calls.reasons import REASONS, FinishReason
from calls.redial_policy import RedialPolicy
from calls.redials import PendingRedial, redial_after
from calls.words import Direction, Party
from gateway.orders import DialBody, digest

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PARTIES: dict[str, Any] = {"from_number": "+14155550100", "to_number": "+14155550101", "direction": Direction.OUTBOUND}


def ended(*facts: f.Fact, redial: RedialPolicy | None, carrier_end: str = "busy", **order: Any) -> Call:
    """A call that was dialled, and of which these facts are known before the carrier told its end."""
    ids = {"id": "a" * 24, "call_id": "first", "request_id": "b" * 32, "request_sha256": "0"}
    request = CallRequest(**PARTIES, redial=redial)
    plan = CallPlan(agent_id="c" * 24, agent_name="Rita", policy=Policy())
    call = Call(CallOrder(**{**ids, **order}, request=request), plan)
    over = f.CallCompleted(at=NOW, carrier_call_id="CA1", attempt_id="", carrier_status=f.CarrierEnd(carrier_end))
    for fact in (f.DialAttempted(at=NOW, attempt_id="x"), *facts, over):
        call = record(call, fact)
    return call


def after(call: Call) -> PendingRedial | None:
    return redial_after(call, NOW)


def test_a_busy_line_is_redialled_as_a_new_call() -> None:
    """It has ids of its own, the same request, and says which call it goes back to."""
    pending = after(ended(redial=RedialPolicy()))
    assert pending
    order = pending.order
    assert (order.call_id, order.redial_of, order.redial_number) == ("first.r1", "first", 1)
    assert order.request.redial == RedialPolicy()
    assert order.id not in ("a" * 24, order.request_id)
    assert len(order.id) == 24
    assert pending.due == NOW + timedelta(seconds=300)


def test_twice_the_same_redial() -> None:
    """Whoever asks again is told of the same call."""
    assert after(ended(redial=RedialPolicy())) == after(ended(redial=RedialPolicy()))


def test_the_redial_of_a_redial_goes_back_to_the_first_call() -> None:
    """Ids do not grow with each redial, and the wait is longer each time."""
    first = after(ended(redial=RedialPolicy()))
    assert first
    second = after(ended(redial=RedialPolicy(), **first.order.model_dump(exclude={"request"})))
    assert second
    assert (second.order.call_id, second.order.redial_of, second.order.redial_number) == ("first.r2", "first", 2)
    assert second.order.redial_series == "b" * 32
    assert second.due == NOW + timedelta(seconds=600)


def test_no_redial_without_a_wish_for_one() -> None:
    """Off by default."""
    assert after(ended(redial=None)) is None


@pytest.mark.parametrize(("number", "follows"), [(1, True), (2, False)])
def test_the_last_redial_is_followed_by_none(number: int, *, follows: bool) -> None:
    """At most as many as were asked for."""
    series: dict[str, Any] = {"redial_of": "first", "redial_number": number, "redial_series": "b" * 32}
    assert (after(ended(redial=RedialPolicy(max_redials=2), **series)) is not None) is follows


def test_a_reason_that_was_not_named() -> None:
    """A redial follows only the endings that were named."""
    assert after(ended(redial=RedialPolicy(reasons=(FinishReason.NO_ANSWER,)))) is None


def test_no_redial_after_an_end_that_was_asked_for() -> None:
    """Whoever ends a call does not want the next one, though the line was busy at last."""
    asked = f.EndRequested(at=NOW, request_id="e1", by=Party.OPERATOR, via="update", note="")
    assert after(ended(asked, redial=RedialPolicy(reasons=(FinishReason.LINE_BUSY,)))) is None


def test_no_redial_after_a_lost_dial() -> None:
    """Nobody knows whether the phone rang, so it is not rung again."""
    policy = RedialPolicy(reasons=(FinishReason.TWILIO_SERVICE_ERROR,))
    call = ended(redial=policy, carrier_end="failed")
    assert after(call) is not None
    lost = f.DialLost(at=NOW, attempt_id="x", evidence={"detail": "ambiguous"})
    assert after(record(call, lost)) is None


@pytest.mark.parametrize("reason", FinishReason)
def test_only_reasons_that_can_get_better_may_be_named(reason: FinishReason) -> None:
    """The table of reasons says which; the refusal names those that may be named."""
    if REASONS[reason].may_redial:
        assert RedialPolicy(reasons=(reason,)).reasons == (reason,)
    else:
        with pytest.raises(ValidationError, match=f"{reason}: calling again cannot turn out better; name some of "):
            RedialPolicy(reasons=(reason,))


@pytest.mark.parametrize(
    ("name", "lowest", "highest", "step"),
    [("max_redials", 1, 10, 1), ("backoff_seconds", 1, 86_400, 1), ("backoff_factor", 1.0, 10.0, 0.01)],
)
def test_bounds(name: str, lowest: float, highest: float, step: float) -> None:
    """The bounds themselves are taken, the next value beyond each is not, nor is a text or a truth value."""
    for value in (lowest, highest):
        assert getattr(RedialPolicy.model_validate({name: value}), name) == value
    for wrong in (lowest - step, highest + step, "2", True, None, float("nan")):
        with pytest.raises(ValidationError, match=name):
            RedialPolicy.model_validate({name: wrong})


def test_no_reason_is_no_wish() -> None:
    """An empty list would never redial: it is refused."""
    with pytest.raises(ValidationError, match="reasons"):
        RedialPolicy(reasons=())


def test_no_wait_is_longer_than_a_day() -> None:
    """However steep the back-off is; what is taken back is remembered for a month."""
    policy = RedialPolicy(max_redials=10, backoff_seconds=3600, backoff_factor=10)
    assert [policy.backoff(number) for number in (1, 2, 3, 10)] == [3600, 36_000, 86_400, 86_400]


def test_the_digest_of_a_request_without_redial_is_what_it_was() -> None:
    """Requests that were stored before there were redials are known again."""
    old = "34bb5ea4e2ec4b5e4179275835817974446f974c6dde00536ccfa605cda541b0"
    assert digest(CallRequest(**PARTIES)) == old
    assert "redial" not in CallRequest(**PARTIES).model_dump_json()


def test_the_order_and_repetition_of_reasons_do_not_matter() -> None:
    """The same wish has the same digest."""
    one, other = (
        DialBody.model_validate({**PARTIES, "redial": {"reasons": reasons}}).request()
        for reasons in (["no_answer", "line_busy"], ["line_busy", "no_answer", "no_answer"])
    )
    assert digest(one) == digest(other) != digest(CallRequest(**PARTIES))


@pytest.mark.parametrize(("length", "fits"), [(60, True), (61, False)])
def test_a_call_id_leaves_room_for_those_of_its_redials(length: int, *, fits: bool) -> None:
    """The last redial's call id is within the contract's 64 characters."""
    body = {**PARTIES, "call_id": "c" * length, "redial": {"max_redials": 10}}
    if fits:
        assert DialBody.model_validate(body).call_id
        return
    with pytest.raises(ValidationError, match="needs a call_id of at most 60 characters"):
        DialBody.model_validate(body)
