"""Who looks after a call: the running story that owns it, if there is one."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class OwnersUnavailableError(Exception):
    """Nobody could say who owns a call. It is not a word for "nobody": a call must not be taken for lost by it."""


class CallOwners(Protocol):
    """Knows which calls a running story owns. Raises OwnersUnavailableError."""

    async def unowned(self, call_ids: Sequence[str]) -> Mapping[str, str]:
        """Those of the calls that no running story owns, each with how its last one ended.

        That is terminated, failed, timed_out, canceled, completed, or lost when nothing is known of it.
        """
        ...
