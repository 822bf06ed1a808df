"""Keeping requests that others make us send away from our own network (server-side request forgery).

A name is looked up once, and the address that was looked at is the one that is connected to: a name that changes its
mind in between reaches nothing.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.public_addresses import refuse_private


class StrangersOnly(AbstractResolver):
    """Resolves names as the system does, and refuses those that lead into private networks, wholly or in part.

    In threads of their own: a customer's dead name servers hold one for as long as the system is patient, and the
    process's few others are also the carrier's.
    """

    _THREADS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="customers-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises PrivateAddressError."""
        look_up = partial(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._THREADS, look_up)
        addresses = [(kind, protocol, str(address[0])) for kind, _, protocol, _, address in found]
        for _, _, address in addresses:
            refuse_private(address)
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=protocol, flags=numeric)
            for kind, protocol, address in addresses
        ]

    async def close(self) -> None:
        """Nothing is kept open."""
