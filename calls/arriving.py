"""Calls that came in and that nobody could take in time: what their record says all the same."""

import hashlib

from calls.model import CallOrder, TurnedAway
from calls.reasons import REASONS, FinishReason


def request_of_arrival(carrier_call_id: str, *, is_late: bool = False) -> str:
    """The request id of a carrier call: the same in every gateway, so that what one withdraws is withdrawn for all."""
    return hashlib.sha256(f"{'late ' if is_late else ''}arrival {carrier_call_id}".encode()).hexdigest()[:32]


def fault_of_ours(why: str) -> TurnedAway:
    """The caller was turned away because the call could not be registered. No rule of the contract covers that."""
    reason = FinishReason.UNKNOWN_ERROR
    evidence = {"detail": "not_registered_in_time", "error": why[:200]}
    return TurnedAway(reason=reason, by=REASONS[reason].by, evidence=evidence)


def turned_away_late(order: CallOrder, why: TurnedAway) -> CallOrder:
    """The order to record a call whose caller has been turned away, whatever became of the order that came first."""
    if order.arrival is None:
        raise AssertionError("only a call that came in can be turned away")
    return order.model_copy(
        update={
            "request_id": request_of_arrival(order.arrival.carrier_call_id, is_late=True),
            "arrival": order.arrival.model_copy(update={"turned_away": why}),
        }
    )
