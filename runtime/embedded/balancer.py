"""One loopback address in front of several gateways, as a load balancer would stand there."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence

_CHUNK = 65_536
_PATIENCE_SECONDS = 12.0
"""How long a connection is held while no target accepts it; a carrier waits 15 s for an answer."""
_TRY_EVERY_SECONDS = 0.1


@contextlib.asynccontextmanager
async def balancing(
    port: int, targets: Sequence[int], *, patience_seconds: float = _PATIENCE_SECONDS
) -> AsyncIterator[None]:
    """Forward each connection to the next target that accepts it; a target's death closes its connections.

    While none accepts, as when a single one restarts, a connection is held for `patience_seconds`.
    """
    turns = itertools.cycle(range(len(targets)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(turns)
        found = await _first_that_accepts([*targets[first:], *targets[:first]], patience_seconds)
        if found is not None:
            there, back = found
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _first_that_accepts(
    targets: Sequence[int], patience_seconds: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_seconds
    while loop.time() < deadline:
        for target in targets:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", target)
        await asyncio.sleep(_TRY_EVERY_SECONDS)
    return None


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
    sink.close()
