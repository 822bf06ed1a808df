"""Keeping requests that others make us send away from our own network (server-side request forgery).

A name is looked up once, and the address that was looked at is the one that is connected to: a name that changes its
mind in between reaches nothing.
"""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver


class PrivateAddressError(OSError):
    """The host is, or its name leads to, an address that only we can reach."""


def refuse_private(address: str) -> None:
    """Raises PrivateAddressError for whatever is no address of the public internet."""
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    if not (mapped or known).is_global or known.is_multicast:
        raise PrivateAddressError("the address belongs to a private network")


def refuse_private_literal(host: str) -> None:
    """The same for a host that is an address itself, which no resolver is asked about."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return
    refuse_private(host)


class StrangersOnly(AbstractResolver):
    """Resolves names as the system does, and refuses those that lead into private networks, wholly or in part."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises PrivateAddressError."""
        found = await self._system.resolve(host, port, family)
        for one in found:
            refuse_private(one["host"])
        return found

    async def close(self) -> None:
        """Nothing is kept open."""
        await self._system.close()
