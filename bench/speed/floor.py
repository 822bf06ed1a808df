"""`python -m bench.speed.floor PORT AGENT_URL`: a relay that only forwards, the floor that turns are measured from."""

import asyncio
import sys
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def _forward(source: ServerConnection | ClientConnection, target: ServerConnection | ClientConnection) -> None:
    with suppress(ConnectionClosed):
        async for text in source:
            await target.send(text)
    await target.close()


async def main(port: int, agent_url: str) -> None:
    """Serve until killed."""

    async def relay(near: ServerConnection) -> None:
        call_id = (near.request.path if near.request else "").rpartition("/")[2]
        async with connect(f"{agent_url}/{call_id}", proxy=None, compression=None, ping_interval=None) as far:
            await asyncio.gather(_forward(near, far), _forward(far, near))

    async with serve(relay, "127.0.0.1", port, compression=None, ping_interval=None):
        print("floor ready", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
