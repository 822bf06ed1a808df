"""What can go wrong on purpose: processes that are killed or frozen, and the carrier's own misdeeds."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class ProcessFault(NamedTuple):
    """A part that is killed (kill -9, restarted after a while) or frozen (SIGSTOP, later SIGCONT).

    `part` is the stack's name without a number; `longest` bounds the outage in seconds.
    """

    part: str
    frozen: bool
    longest: float


class CarrierFault(NamedTuple):
    """Switches of the simulator that are on for a while."""

    switches: Mapping[str, Any]


PROCESS_FAULTS: dict[str, ProcessFault] = {
    "kill-worker": ProcessFault("worker", False, 6),
    "kill-all-workers": ProcessFault("worker", False, 4),
    "kill-gateway": ProcessFault("gateway", False, 4),
    "kill-all-gateways": ProcessFault("gateway", False, 3),
    "kill-mongod": ProcessFault("mongod", False, 3),
    "kill-temporal": ProcessFault("temporal", False, 3),
    "kill-agent": ProcessFault("agent", False, 2),
    "freeze-mongod": ProcessFault("mongod", True, 4),
    "freeze-temporal": ProcessFault("temporal", True, 4),
    "freeze-agent": ProcessFault("agent", True, 3),
    "freeze-carrier": ProcessFault("simulator", True, 4),
    "freeze-worker": ProcessFault("worker", True, 9),
    "freeze-gateway": ProcessFault("gateway", True, 7),
}

CARRIER_FAULTS: dict[str, CarrierFault] = {
    "create-500-before": CarrierFault({"create_error_before": 0.5}),
    "create-500-after": CarrierFault({"create_error_after": 0.5}),
    "create-hangs": CarrierFault({"create_hang": 0.4, "create_hang_seconds": 22}),
    "create-429": CarrierFault({"create_too_many": 0.6}),
    "create-slow": CarrierFault({"create_delay_seconds": 1.5}),
    "account-suspended": CarrierFault({"account_suspended": True}),
    "update-500-before": CarrierFault({"update_error_before": 0.5}),
    "update-500-after": CarrierFault({"update_error_after": 0.5}),
    "update-hangs": CarrierFault({"update_hang": 0.3, "update_hang_seconds": 16}),
    "stop-refused": CarrierFault({"recording_stop_refused": 1.0}),
    "answers-lost": CarrierFault({"answer_lost": 0.5}),
    "no-action-on-redirect": CarrierFault({"relay_action_on_redirect": False}),
    "callbacks-dropped": CarrierFault({"callback_drop": 0.35}),
    "callbacks-doubled": CarrierFault({"callback_duplicate": 0.6}),
    "callbacks-reordered": CarrierFault({"callback_reorder": 0.6}),
    "callbacks-late": CarrierFault({"callback_delay": 0.5, "callback_delay_seconds": 3}),
    "recordings-late": CarrierFault({"recording_late_seconds": 4, "media_not_found_times": 2}),
    "recordings-absent": CarrierFault({"recording_absent": 0.5}),
    "list-lags": CarrierFault({"list_lag_seconds": 3}),
    "verdicts-missing": CarrierFault({"amd_missing": 0.5}),
    "verdicts-wrong": CarrierFault({"amd_wrong": 0.3}),
    "verdicts-late": CarrierFault({"amd_late_seconds": 3}),
    "relay-refused": CarrierFault({"relay_refused": 0.4}),
    "relay-killed": CarrierFault({"relay_killed_after_seconds": 1.0}),
}

FAULTS: frozenset[str] = frozenset(PROCESS_FAULTS) | frozenset(CARRIER_FAULTS)


def switches_of(kinds: frozenset[str], seed: int) -> dict[str, Any]:
    """The simulator's switches while these carrier faults are on together."""
    wanted: dict[str, Any] = {"seed": seed}
    for kind in sorted(kinds):
        wanted |= CARRIER_FAULTS[kind].switches
    return wanted
