"""The timers of a call as an operator may set them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
RingSeconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]
"""The carrier refuses a dial that rings for longer (its error 21208)."""
DetectionSeconds = Annotated[float, Field(ge=3, le=59, allow_inf_nan=False)]
"""The bounds of the carrier's MachineDetectionTimeout."""


class PolicySettings(BaseModel):
    """The timers of a call, in seconds. They may be shorter than the API's bounds, so that tests need not wait."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    registered_seconds: Seconds = 300
    """Without any progress from the carrier for this long, the call is cancelled."""
    ring_seconds: RingSeconds = 30
    """How long the callee's phone rings; given to the carrier."""
    ring_backstop_seconds: Seconds = 10
    """How long after that we end the call ourselves, should the carrier not have done it."""
    media_up_seconds: Seconds = 20
    """The relay must be connected this long after the answer."""
    machine_verdict_grace_seconds: Seconds = 5
    """How much longer than the carrier's own detection time-out we wait for its AMD verdict."""
    machine_detection_seconds: DetectionSeconds = 30
    """How long the carrier may take to tell a person from a machine."""
    no_input_seconds: Seconds = 60
    """A callee of whom nothing at all was heard for this long ends the call."""
    silence_seconds: Seconds = 600
    """Silence of both sides for this long ends the call."""
    maximum_duration_seconds: Seconds = 3600
    """How long a call may last, counted from the answer."""
    wrap_up_notice_seconds: Seconds = 15
    """How long before that end the agent is told to wrap up."""
    time_limit_margin_seconds: Seconds = 30
    """How much later than we the carrier itself cuts the call."""
    hangup_confirmation_seconds: Seconds = 10
    """How long the carrier may take to confirm a hangup before it is asked."""
    transfer_ring_seconds: RingSeconds = 30
    """How long the transfer target's phone rings."""
    transferred_maximum_seconds: Seconds = 14400
    """How long a transferred call may last."""
    recording_seconds: Seconds = 600
    """How long after the end of the call its recording may take to arrive."""
    reconcile_seconds: Seconds = 30
    """How long the carrier call of a dial with an unknown outcome is looked for."""
