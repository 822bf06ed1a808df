"""What calls left behind: records that nobody finished, and carrier calls that somebody may have forgotten."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from calls.recalling import Traces
from calls.records import StoredCall


class LooseEnds(Protocol):
    """Finds what a lost story left behind. Raises StoreUnavailableError."""

    async def unfinished(self, registered_before: datetime) -> list[str]:
        """Call ids of the records that are not complete, those registered first first."""
        ...

    async def traces(self, call_id: str) -> Traces:
        """What is known of a call beside its record."""
        ...

    async def named(self, carrier_call_ids: Sequence[str]) -> Mapping[str, str]:
        """Of these carrier calls, those that a record, a claim or a signed late word names: the call of each."""
        ...

    async def lost_dial(self, from_number: str, to_number: str, created_at: datetime) -> StoredCall | None:
        """The one call whose dial was taken for lost and can have made a carrier call at this time; None if not one."""
        ...
