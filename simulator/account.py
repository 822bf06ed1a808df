"""Whose carrier account is simulated, and how the simulator is set up."""

from dataclasses import dataclass, field
from pathlib import Path

from simulator.ids import API_VERSION, PUBLIC_NUMBER_PREFIX


@dataclass(frozen=True, kw_only=True)
class Account:
    """One simulated account and the settings of the process that serves it.

    ``cps`` is calls started per second, ``speed`` how many story seconds pass in one real second,
    ``resolve`` maps a public origin (``https://ringback.test``) to the loopback origin that is contacted instead.
    """

    sid: str
    auth_token: str
    cps: float = 1.0
    speed: float = 1.0
    seed: int = 0
    concurrency_limit: int | None = None
    resolve: dict[str, str] = field(default_factory=dict)
    ledger: Path | None = None
    owned_prefix: str = PUBLIC_NUMBER_PREFIX
    api_origin: str = "https://api.twilio.com"
    """What URLs of recordings begin with, as the application will see them."""

    @property
    def base(self) -> str:
        """Give the account's address as URLs name it."""
        return f"{self.api_origin}/{API_VERSION}/Accounts/{self.sid}"

    def owns(self, number: str) -> bool:
        """Tell whether the account may call from this number."""
        return number == "+15005550006" or number.startswith(self.owned_prefix)


def parse_resolve(pairs: list[str]) -> dict[str, str]:
    """Read ``public=loopback`` pairs; raise ValueError on one that is not such a pair."""
    table: dict[str, str] = {}
    for pair in pairs:
        public, separator, target = pair.strip().partition("=")
        if not separator or "://" not in public or "://" not in target:
            raise ValueError(f"not a pair of origins: {pair!r} (want https://public.test=http://127.0.0.1:8000)")
        table[public.rstrip("/").lower()] = target.rstrip("/")
    return table
