"""Owners in memory: a call is owned by nobody who is not `running`; `ended` says how its story ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from calls.ports.owners import OwnersUnavailableError


@dataclass
class FakeCallOwners:
    """Knows what a test says. While `is_away` nobody can tell."""

    running: set[str] = field(default_factory=set)
    ended: dict[str, str] = field(default_factory=dict)
    is_away: bool = False

    async def unowned(self, call_ids: Sequence[str]) -> Mapping[str, str]:
        if self.is_away:
            raise OwnersUnavailableError("the fake engine is away")
        return {call_id: self.ended.get(call_id, "lost") for call_id in call_ids if call_id not in self.running}
