"""Time-outs and retries of every step, one row each, with its why."""

from datetime import timedelta
from typing import Final, TypedDict

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

from activities.notifying import FIRST_PAUSE, LONGEST_RETRY_AFTER
from calls.redials import LATEST
from workflows.names import DIAL_QUEUE, MONITOR_QUEUE, WEBHOOK_QUEUE


class LocalRow(TypedDict, total=False):
    """How long a local activity may take, and how it is retried."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy


class Row(LocalRow, total=False):
    """The same for an activity, with the queue it runs on."""

    task_queue: str
    heartbeat_timeout: timedelta
    cancellation_type: ActivityCancellationType


REGISTER_DEADLINE: Final = timedelta(seconds=5)
"""A call not registered by then is never dialled: whoever asked may have been told so already."""

REGISTER: Final[LocalRow] = LocalRow(
    start_to_close_timeout=timedelta(seconds=2),
    schedule_to_close_timeout=REGISTER_DEADLINE,
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=1)),
)

REGISTER_REDIAL: Final[Row] = Row(
    start_to_close_timeout=timedelta(seconds=10),
    schedule_to_close_timeout=LATEST,
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)
"""Nobody waits for the answer, so a worker's death or an absent store costs no redial; only the hour does."""

SAVE_QUICKLY: Final[LocalRow] = LocalRow(
    start_to_close_timeout=timedelta(seconds=2),
    schedule_to_close_timeout=timedelta(seconds=4),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100)),
)
"""A write that rides on the workflow task; a store that is down gets the patient row below instead."""

SAVE_PATIENTLY: Final[Row] = Row(
    start_to_close_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)
"""No limit on attempts: a record is not given up because its store is away for a day."""

ASK_ADMISSION: Final[LocalRow] = SAVE_QUICKLY
"""Rides on the workflow task of the registration; a store that does not answer is waited for below."""

ASK_CLOCK: Final[LocalRow] = SAVE_QUICKLY
"""Reads no more than the numbering plan and the time zone database of the machine."""

AWAIT_ADMISSION: Final[Row] = Row(
    task_queue=MONITOR_QUEUE,
    start_to_close_timeout=timedelta(hours=8),
    heartbeat_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10)),
    cancellation_type=ActivityCancellationType.TRY_CANCEL,
)
"""A worker's death is noticed after 15 s: a call whose turn comes meanwhile holds a slot that long without a dial.
Longer than any registered deadline, which ends the wait."""

DIAL: Final[Row] = Row(
    task_queue=DIAL_QUEUE,
    start_to_close_timeout=timedelta(seconds=20),
    heartbeat_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(maximum_attempts=1),
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)
"""One attempt: after a worker's death nobody knows whether the carrier took the dial. The cancellation waits,
because a dial that was started has an outcome that must be known. Ten seconds without a heartbeat is a death: with
five, a machine that was merely overloaded had calls given up as ambiguous that the carrier was never asked for."""

ASK: Final[Row] = Row(
    start_to_close_timeout=timedelta(seconds=16),
    schedule_to_close_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10)),
)

HANG_UP: Final[Row] = Row(
    start_to_close_timeout=timedelta(seconds=16),
    schedule_to_close_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=5)),
)
"""Retried by the wrap-up after each row of attempts, until the carrier says that the call is over."""

STEER: Final[Row] = Row(
    start_to_close_timeout=timedelta(seconds=16),
    schedule_to_close_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_attempts=4),
)
"""Transfers and messages: a callee does not wait longer than that."""

CHECK_MACHINE: Final[Row] = Row(
    start_to_close_timeout=timedelta(seconds=16),
    schedule_to_close_timeout=timedelta(seconds=45),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1)),
)

MONITOR: Final[Row] = Row(
    task_queue=MONITOR_QUEUE,
    start_to_close_timeout=timedelta(hours=8),
    heartbeat_timeout=timedelta(seconds=75),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10)),
    cancellation_type=ActivityCancellationType.TRY_CANCEL,
)
"""75 s, so that one heartbeat a minute reaches the engine. Longer than the longest call, transferred leg included."""

LOOK: Final[Row] = Row(
    start_to_close_timeout=timedelta(seconds=45),
    schedule_to_close_timeout=timedelta(minutes=2),
    heartbeat_timeout=timedelta(seconds=5),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(seconds=15)),
)
"""A sweep that cannot look is given up: the next one comes anyway. One whose worker died would hold up the next, so its
death is noticed after 5 s; a look only reads, and may be made again by mistake."""

ARCHIVE: Final[Row] = Row(
    start_to_close_timeout=timedelta(minutes=15),
    schedule_to_close_timeout=timedelta(hours=24),
    heartbeat_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
)

TRANSCRIPT: Final[Row] = Row(
    start_to_close_timeout=timedelta(seconds=30),
    schedule_to_close_timeout=timedelta(hours=24),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
)

DELIVER: Final[Row] = Row(
    task_queue=WEBHOOK_QUEUE,
    start_to_close_timeout=timedelta(seconds=30),
    schedule_to_close_timeout=timedelta(hours=25),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=FIRST_PAUSE), maximum_interval=timedelta(seconds=LONGEST_RETRY_AFTER)
    ),
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)
"""A webhook: 2 s, 4 s … 10 min apart for a day and an hour, so that a receiver may be down for a whole day. The
cancellation waits, so that an attempt under way is over before the next one begins."""
