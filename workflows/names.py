"""Names on the wire between gateway, starter, worker and engine, each derived in one place."""

from typing import Final

from temporalio.common import SearchAttributeKey

CALL_QUEUE: Final = "ringback-calls"
"""Workflows and their quick activities."""
DIAL_QUEUE: Final = "ringback-dial"
"""The dial alone, so that the account's calls per second can be kept by the queue's rate."""
MONITOR_QUEUE: Final = "ringback-monitor"
"""The long watch over conversations, one slot per live call."""
WEBHOOK_QUEUE: Final = "ringback-webhooks"
"""Posts to customers' servers, which may hang: no call waits behind them."""

CALL_STATUS: Final = SearchAttributeKey.for_keyword("CallStatus")
CALL_FINISH_REASON: Final = SearchAttributeKey.for_keyword("CallFinishReason")
CALL_AGENT: Final = SearchAttributeKey.for_keyword("CallAgent")
CALL_TO: Final = SearchAttributeKey.for_keyword("CallTo")
SEARCH_ATTRIBUTES: Final = (CALL_STATUS, CALL_FINISH_REASON, CALL_AGENT, CALL_TO)


def workflow_id(call_id: str) -> str:
    """The id of the workflow that owns a call."""
    return f"call-{call_id}"


def redial_workflow_id(call_id: str) -> str:
    """The id of the workflow in which a redial waits for its time. `call_id` is the redial's own."""
    return f"redial-{call_id}"


def masked(number: str) -> str:
    """A phone number as it may be shown where nothing is encrypted: country and last four digits."""
    return f"{number[:2]}•••{number[-4:]}"
