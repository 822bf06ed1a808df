"""Keeping requests that others make us send away from our own network (server-side request forgery).

A name is looked up once, and the address that was looked at is the one that is connected to: a name that changes its
mind in between reaches nothing.
"""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from adapters.public_addresses import refuse_private


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
