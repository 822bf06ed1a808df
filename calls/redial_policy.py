"""What a client may ask of redials: after which endings, how many, how far apart."""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictFloat, StrictInt

from calls.reasons import REASONS, FinishReason

LONGEST_BACKOFF_SECONDS: Final = 86_400
"""A day. Whoever takes a redial back is remembered for 30, which must be longer than any wait for calling hours."""
MOST_REDIALS: Final = 10
LONGEST_CALL_ID: Final = 60
"""Characters of a call id that is followed by redials: theirs are up to four longer (`.r10`), and 64 is the limit."""


def _can_get_better(reasons: tuple[FinishReason, ...]) -> tuple[FinishReason, ...]:
    """The reasons, each once and in the order of their table: the same wish is the same request."""
    if hopeless := [reason.value for reason in reasons if not REASONS[reason].may_redial]:
        may = ", ".join(reason.value for reason in REASONS if REASONS[reason].may_redial)
        raise ValueError(f"{', '.join(hopeless)}: calling again cannot turn out better; name some of {may}")
    return tuple(reason for reason in REASONS if reason in reasons)


class RedialPolicy(BaseModel):
    """When a call is followed by another one to the same callee. Seconds count from the end of the one before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reasons: Annotated[tuple[FinishReason, ...], AfterValidator(_can_get_better)] = Field(
        default=(FinishReason.LINE_BUSY, FinishReason.NO_ANSWER),
        min_length=1,
        max_length=len(REASONS),
        description="The finish reasons after which to call again; line_busy and no_answer when left out.",
    )
    max_redials: StrictInt = Field(default=3, ge=1, le=MOST_REDIALS, description="How many redials at most, 1 to 10.")
    backoff_seconds: StrictInt = Field(
        default=300, ge=1, le=LONGEST_BACKOFF_SECONDS, description="Before the first redial; 1 s to a day."
    )
    backoff_factor: StrictFloat = Field(
        default=2.0, ge=1, le=10, description="Each wait is so many times the one before, up to a day."
    )

    def backoff(self, number: int) -> float:
        """Seconds to wait before the redial of this number, which counts from 1."""
        return min(self.backoff_seconds * self.backoff_factor ** (number - 1), LONGEST_BACKOFF_SECONDS)
