"""Free ports, and gateways behind one of them."""

import asyncio
import socket

from runtime.embedded import ports
from runtime.embedded.balancer import balancing


def test_a_port_is_kept_unless_it_is_taken() -> None:
    """The wish is granted while the port is free, else another one is chosen, each only once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        first = ports.choose(["a", "b"], {"a": taken})
        assert first["a"] != taken
        assert first["a"] != first["b"]
    again = ports.choose(["a", "b", "c"], first)
    assert {name: again[name] for name in first} == first
    assert len(set(again.values())) == 3
    assert len(set(ports.choose(["x", "y"], {"x": first["a"], "y": first["a"]}).values())) == 2


async def _echo_server(name: str) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{name}:".encode() + await reader.readline())
        await writer.drain()
        await reader.read()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def _ask(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello\n")
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()


async def test_the_balancer_passes_over_the_dead() -> None:
    """Connections take turns among the gateways that accept them; without any they are closed."""
    servers = [await _echo_server("one"), await _echo_server("two")]
    targets = [server.sockets[0].getsockname()[1] for server in servers]
    (front,) = ports.choose(["front"], {}).values()
    async with balancing(front, targets, patience_seconds=0.5):
        assert {await _ask(front) for _ in range(4)} == {"one:hello", "two:hello"}
        servers[0].close()
        assert {await _ask(front) for _ in range(4)} == {"two:hello"}
        servers[1].close()
        assert await _ask(front) == ""
