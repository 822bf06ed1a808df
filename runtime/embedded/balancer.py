"""One loopback address in front of several gateways, as a load balancer would stand there."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence

_CHUNK = 65_536


@contextlib.asynccontextmanager
async def balancing(port: int, targets: Sequence[int]) -> AsyncIterator[None]:
    """Forward each connection to the next target that accepts it; a target's death closes its connections."""
    turns = itertools.cycle(range(len(targets)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(turns)
        for target in [*targets[first:], *targets[:first]]:
            try:
                there, back = await asyncio.open_connection("127.0.0.1", target)
            except OSError:
                continue
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
            break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
    sink.close()
