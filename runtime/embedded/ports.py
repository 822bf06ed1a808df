"""Free loopback ports that stay free until they are used."""

import random
import socket
from collections.abc import Iterable, Mapping

# Below the range from which systems take ports by themselves (32768 on Linux, 49152 elsewhere): a port that was found
# free here is not given to somebody's outgoing connection before its part listens.
_FROM, _TO = 20_000, 32_000
_ATTEMPTS = 1_000


def choose(names: Iterable[str], preferred: Mapping[str, int]) -> dict[str, int]:
    """A free port for every name: the preferred one where it is still free, so that addresses outlive a restart."""
    chosen: dict[str, int] = {}
    for name in names:
        wish = preferred.get(name)
        if wish is None or wish in chosen.values() or not _is_free(wish):
            wish = _any_free(set(chosen.values()) | set(preferred.values()))
        chosen[name] = wish
    return chosen


def _any_free(taken: set[int]) -> int:
    dice = random.SystemRandom()
    for _ in range(_ATTEMPTS):
        port = dice.randrange(_FROM, _TO)
        if port not in taken and _is_free(port):
            return port
    raise OSError(f"no free port between {_FROM} and {_TO}")


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        # As servers do: a port whose last connections still linger can be listened on again.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
