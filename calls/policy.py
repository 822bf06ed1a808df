"""How long each part of a call may take.

Every number of seconds that can end a call stands here, with its default and the bounds within which an agent
may choose its own. Deployments may move the defaults by settings, below the bounds too (tests do).
"""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, PositiveFloat


class Bounds(NamedTuple):
    """The least and the most an agent may ask for, in seconds."""

    least: float
    most: float


RING_BOUNDS = Bounds(5, 300)
MAXIMUM_DURATION_BOUNDS = Bounds(60, 7200)
SILENCE_BOUNDS = Bounds(10, 7200)
NO_INPUT_BOUNDS = Bounds(5, 7200)


class Policy(BaseModel):
    """The timers of one call, in seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    registered_seconds: PositiveFloat = 300
    """From registration until the carrier reports progress; then `registered_call_timed_out`. A call that waits for a
    slot waits no longer than this (then `concurrent_call_limit_reached`), and its dial has as long again."""
    ring_seconds: PositiveFloat = 30
    """How long the phone rings; kept by the carrier."""
    ring_backstop_seconds: PositiveFloat = 10
    """How much later than the carrier our own ring timer fires; then `no_answer`."""
    media_up_seconds: PositiveFloat = 20
    """From the answer until the relay speaks to us; then `user_connection_failure`."""
    machine_detection_seconds: PositiveFloat = 30
    """The carrier's own time-out for answering-machine detection (3 to 59)."""
    machine_verdict_grace_seconds: PositiveFloat = 5
    """How much longer we wait for the verdict before the carrier is asked."""
    no_input_seconds: PositiveFloat = 60
    """Without any speech or key from the callee; then `no_audio_input`."""
    silence_seconds: PositiveFloat = 600
    """Without a word from either side; then `inactivity_timeout`."""
    maximum_duration_seconds: PositiveFloat = 3600
    """From the answer; then `maximum_duration_exceeded`."""
    wrap_up_notice_seconds: PositiveFloat = 15
    """How long before the maximum duration the agent is told."""
    time_limit_margin_seconds: PositiveFloat = 30
    """How much longer than the maximum duration the carrier lets a call live with all of ours dead."""
    hangup_confirmation_seconds: PositiveFloat = 10
    """From a hangup of ours until the carrier confirms; then the carrier is asked."""
    transfer_ring_seconds: PositiveFloat = 30
    """How long the transfer's target rings; kept by the carrier."""
    transferred_maximum_seconds: PositiveFloat = 14400
    """How long a transferred call may last, from the bridge."""
    recording_seconds: PositiveFloat = 600
    """From the end of the call until its recording is given up as absent."""
    reconcile_seconds: PositiveFloat = 30
    """How long an unanswered dial is looked for at the carrier."""

    @property
    def carrier_time_limit_seconds(self) -> int:
        """Whole seconds after which the carrier ends the call by itself, whatever becomes of us."""
        return round(self.maximum_duration_seconds + self.time_limit_margin_seconds)
