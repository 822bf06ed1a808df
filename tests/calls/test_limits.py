"""Whose turn it is, decided without a store."""

import pytest

from calls import facts as f
from calls.closing import decide
from calls.lifecycle import record
from calls.limits import Candidate, Capacity, Limit, LimitOf, longest_hold_seconds, turns
from calls.model import Call
from calls.policy import Policy
from calls.reasons import FinishReason
from tests.adapters.mongo.orders import NOON, new_call


def limit(pool: str, size: int) -> Limit:
    return Limit(of=LimitOf.AGENT, pool=pool, size=size)


def wants(call_id: str, **sizes: int) -> Candidate:
    return Candidate(call_id, tuple(limit(pool, size) for pool, size in sizes.items()))


@pytest.mark.parametrize(
    ("candidates", "held", "admitted"),
    [
        ([], {}, ()),
        ([wants("a")], {}, ("a",)),
        ([wants("a", x=1), wants("b", x=1)], {}, ("a",)),
        ([wants("a", x=2), wants("b", x=2), wants("c", x=2)], {"x": 1}, ("a",)),
        ([wants("a", x=1, y=1), wants("b", x=1), wants("c", y=1)], {"y": 1}, ("b",)),
        ([wants("a", x=1), wants("b", x=3)], {"x": 1}, ("a", "b")),
        ([wants("a", x=3), wants("b", x=1)], {"x": 1}, ()),
        ([wants("a", x=2)], {"x": 5}, ()),
    ],
)
def test_whose_turn_it_is(candidates: list[Candidate], held: dict[str, int], admitted: tuple[str, ...]) -> None:
    """In order, all or none, by the newest sizes; a pool that holds too many lets nobody in."""
    turned = turns(candidates, held)
    assert turned.admitted == admitted
    assert set(turned.full) == {one.call_id for one in candidates} - set(admitted)


def test_a_deployments_limits() -> None:
    """A call names a pool for each limit there is, and none where there is none."""
    named = Capacity(10).limits(agent_id="a1", agents_own=3, callee="+14155550101")
    assert [(one.pool, one.size) for one in named] == [("account", 10), ("agent:a1", 3), ("callee:+14155550101", 1)]
    assert Capacity(one_call_per_callee=False).limits(agent_id="a1", agents_own=None, callee="+1") == ()


def test_no_call_outlasts_its_hold() -> None:
    """The bound after which a slot counts as nobody's is later than the carrier's own limits allow."""
    policy = Policy()
    longest = policy.registered_seconds + policy.ring_seconds + policy.carrier_time_limit_seconds
    assert longest_hold_seconds(policy) > longest + policy.transferred_maximum_seconds


def test_a_request_to_end_beats_a_limit_without_room() -> None:
    """Both can become known in one moment; whoever asked for the end is told that it was theirs."""
    order = new_call("c1").order
    refused = f.AdmissionRefused(at=NOON, limit=LimitOf.ACCOUNT, size=10)
    call = record(Call(order), refused)
    closing = decide(call, NOON)
    assert closing is not None
    assert (closing.reason, closing.evidence["limit"]) == (FinishReason.CONCURRENT_CALL_LIMIT_REACHED, "account")
    closing = decide(record(call, f.EndRequested(at=NOON, request_id="")), NOON)
    assert closing is not None
    assert closing.reason is FinishReason.CALL_FAILED
