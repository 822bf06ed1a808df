"""What can go wrong on purpose: every switch a named field, every throw of the dice seeded."""

import random
from collections import Counter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Chance = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class Faults(BaseModel):
    """The switches. Chances are per occasion, 0 to 1; ``…_seconds`` are real seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    only_to: tuple[str, ...] = Field((), description="Only calls to these numbers suffer; empty: all.")
    create_error_before: Chance = Field(0, description="Create answers 500 and nothing was accepted.")
    create_error_after: Chance = Field(0, description="Create answers 500 although the call was accepted.")
    create_hang: Chance = Field(0, description="Create accepts the call and then does not answer for a while.")
    create_hang_seconds: Seconds = Field(60, description="How long a hanging create takes.")
    create_too_many: Chance = Field(0, description="Create answers 429/20429; nothing was accepted.")
    create_delay_seconds: Seconds = Field(0, description="Every create takes this long.")
    update_error_before: Chance = Field(0, description="An update of a call answers 500 and changed nothing.")
    update_error_after: Chance = Field(0, description="An update of a call answers 500 although it was carried out.")
    update_hang: Chance = Field(0, description="An update is carried out and then not answered for a while.")
    update_hang_seconds: Seconds = Field(16, description="How long a hanging update takes.")
    recording_stop_refused: Chance = Field(0, description="A recording cannot be stopped: 400/21220.")
    answer_lost: Chance = Field(0, description="The answer to a request for instructions is lost, and asked for again.")
    account_suspended: bool = Field(False, description="Every create answers 10001.")
    callback_drop: Chance = Field(0, description="A status or recording callback is never sent.")
    callback_duplicate: Chance = Field(0, description="A callback is sent twice with the same idempotency token.")
    callback_copies: int = Field(1, ge=1, le=20, description="Every callback is sent so often, one token for all.")
    callback_scatter_seconds: Seconds = Field(
        0, description="Every copy of a callback is late by a time of its own up to this, and waits for no other."
    )
    callback_reorder: Chance = Field(0, description="A status callback waits until the call's next one was delivered.")
    callback_delay: Chance = Field(0, description="A callback is late by callback_delay_seconds.")
    callback_delay_seconds: Seconds = 1.0
    amd_missing: Chance = Field(0, description="The machine verdict never comes.")
    amd_late_seconds: Seconds = Field(0, description="Every machine verdict comes this much later, hangup or not.")
    amd_wrong: Chance = Field(0, description="Human is called machine and the reverse.")
    recording_absent: Chance = Field(0, description="A recording ends as absent, without media.")
    recording_late_seconds: Seconds = Field(0, description="The recording is ready this much later.")
    media_not_found_times: int = Field(0, ge=0, description="Downloads of each recording answer 404 so often first.")
    list_lag_seconds: Seconds = Field(0, description="Fetch and list show the calls as they were this long ago.")
    relay_refused: Chance = Field(0, description="The relay cannot connect its websocket.")
    relay_killed_after_seconds: Seconds | None = Field(None, description="Every relay socket dies after so long.")
    relay_action_on_redirect: bool = Field(
        True, description="Redirecting a call out of its relay also posts the Connect action, whose answer is ignored."
    )


class Dice:
    """Seeded throws, an independent sequence for every switch so that one does not disturb another."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.fallen: Counter[str] = Counter()
        """How often each chance switch took effect."""
        self._sequences: dict[str, random.Random] = {}

    def concerns(self, to: str) -> bool:
        """Tell whether a call to this number may suffer at all."""
        return not self.faults.only_to or to in self.faults.only_to

    def scatters(self, to: str) -> bool:
        """Tell whether the callbacks of calls to this number come in any order."""
        return self.faults.callback_scatter_seconds > 0 and self.concerns(to)

    def lateness(self, longest: float) -> float:
        """Throw the dice for one copy of a callback: how late it is, in seconds."""
        return self._sequences.setdefault("lateness", random.Random(f"{self.faults.seed}:lateness")).uniform(0, longest)

    def falls(self, switch: str, to: str) -> bool:
        """Throw the dice of one chance switch for a call to this number."""
        chance: float = getattr(self.faults, switch)
        if chance <= 0 or not self.concerns(to):
            return False
        sequence = self._sequences.setdefault(switch, random.Random(f"{self.faults.seed}:{switch}"))
        falls = sequence.random() < chance
        self.fallen[switch] += falls
        return falls
