"""The client against real servers: close codes, bad frames, servers that do not answer or do not read."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from adapters.agent_server.client import AgentServerConnector, AgentServerSocket, Lookups
from conversation.agent_port import AgentClosedError, AgentUnreachableError

CERTIFICATE = Path(__file__).parents[2] / "data" / "localhost.pem"
"""Of localhost, by itself, with its key: made for tests, good for a hundred years."""

Talk = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[AgentServerSocket]:
    """A socket to a server that does what `talk` says."""

    async def handle(connection: ServerConnection) -> None:
        await talk(connection)

    async with serve(handle, "127.0.0.1", 0, compression=None, close_timeout=0.1) as server:
        port = server.sockets[0].getsockname()[1]
        socket = await AgentServerConnector(private_networks=True, max_frame_bytes=1000).connect(
            f"http://127.0.0.1:{port}/llm", "c1"
        )
        try:
            yield socket
        finally:
            await socket.close(1000)


async def test_text_goes_both_ways() -> None:
    """Frames arrive in order, at the path that ends with the call id."""

    async def echo(connection: ServerConnection) -> None:
        assert connection.request is not None
        await connection.send(connection.request.path)
        async for text in connection:
            await connection.send(f"{text!s}!")

    async with talking(echo) as socket:
        assert await socket.receive() == "/llm/c1"
        socket.send("a")
        socket.send("b")
        assert [await socket.receive(), await socket.receive()] == ["a!", "b!"]


@pytest.mark.parametrize("code", [1000, 1001, 1007, 1011, 4000])
async def test_close_codes(code: int) -> None:
    """The server's own code is what the call hears."""
    async with talking(lambda connection: connection.close(code)) as socket:
        with pytest.raises(AgentClosedError) as closed:
            await socket.receive()
        assert closed.value.code == code


async def test_close_without_a_code() -> None:
    """An empty close frame is 1005."""

    async def bare(connection: ServerConnection) -> None:
        connection.transport.write(b"\x88\x00")
        await connection.wait_closed()

    async with talking(bare) as socket:
        with pytest.raises(AgentClosedError) as closed:
            await socket.receive()
        assert closed.value.code == 1005


async def test_broken_connection() -> None:
    """A connection that just goes away is 1006."""

    async def vanish(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with talking(vanish) as socket:
        with pytest.raises(AgentClosedError) as closed:
            await socket.receive()
        assert closed.value.code == 1006


@pytest.mark.parametrize(("data", "code"), [(b"\x81\x02\xff\xff", 1007), (b"\x81\x7e\x10\x00" + b"x" * 4096, 1009)])
async def test_data_that_is_no_text(data: bytes, code: int) -> None:
    """Text that is not UTF-8, and a frame beyond the limit, are told apart from a broken connection."""

    async def wrong(connection: ServerConnection) -> None:
        connection.transport.write(data)
        await connection.wait_closed()

    async with talking(wrong) as socket:
        with pytest.raises(AgentClosedError) as closed:
            await socket.receive()
        assert closed.value.code == code


async def test_binary_frames_arrive_as_bytes() -> None:
    """The conversation decides what they mean."""
    async with talking(lambda connection: connection.send(b"\x00")) as socket:
        assert await socket.receive() == b"\x00"


async def test_server_that_does_not_read_is_cut_off() -> None:
    """Sending never waits, and what piles up is bounded."""
    blocked = asyncio.Event()

    async def ignore(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await blocked.wait()

    async with talking(ignore) as socket:
        reading = asyncio.create_task(socket.receive())
        async with asyncio.timeout(10):
            while not reading.done():
                socket.send("x" * 100_000)
                await asyncio.sleep(0)
        with pytest.raises(AgentClosedError) as closed:
            await reading
        assert closed.value.code == 1006
        blocked.set()


async def test_unreachable_servers() -> None:
    """Refused, no websocket there, and no address."""

    async def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(HTTPStatus.NOT_FOUND, "no")

    connector = AgentServerConnector(private_networks=True, open_timeout=0.2)
    async with serve(lambda connection: connection.close(), "127.0.0.1", 0, process_request=refuse) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(AgentUnreachableError, match="HTTP 404"):
            await connector.connect(f"ws://127.0.0.1:{port}", "c1")
    with pytest.raises(AgentUnreachableError, match="ConnectionRefusedError"):
        await connector.connect(f"ws://127.0.0.1:{port}", "c1")
    with pytest.raises(AgentUnreachableError, match="starts with"):
        await connector.connect("nowhere", "c1")


async def test_server_that_accepts_and_says_nothing() -> None:
    """The open time-out covers the handshake."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(AgentUnreachableError, match="TimeoutError"):
        await AgentServerConnector(private_networks=True, open_timeout=0.1).connect(f"ws://127.0.0.1:{port}", "c1")
    server.close()


async def test_a_name_of_a_private_network_is_not_connected_to() -> None:
    """Whatever the address was when the agent was made: names change their minds."""
    async with serve(lambda connection: connection.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for host in ("localhost", "127.0.0.1"):
            with pytest.raises(AgentUnreachableError, match="private network"):
                await AgentServerConnector(private_networks=False).connect(f"ws://{host}:{port}", "c1")
    assert await Lookups().public_addresses("wss://93.184.216.34/llm") == ["93.184.216.34"]


async def test_a_name_is_looked_up_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name servers that are dead hold one thread of the resolver, however many calls wait and give up waiting."""
    asked: list[str] = []
    answer = asyncio.get_running_loop().create_future()

    async def getaddrinfo(host: str, *_: object, **__: object) -> object:
        asked.append(host)
        return await answer

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    lookups = Lookups()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lookups.public_addresses("wss://dead.example/llm"), 0.01)
    waiting = [asyncio.create_task(lookups.public_addresses("wss://dead.example/llm")) for _ in range(3)]
    await asyncio.sleep(0)
    assert asked == ["dead.example"]
    answer.set_result([(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))])
    assert await asyncio.gather(*waiting) == [["93.184.216.34"]] * 3
    await lookups.public_addresses("wss://dead.example/llm")
    assert asked == ["dead.example"] * 2


async def test_redirects_are_not_followed() -> None:
    """A server cannot send us, and a secret in the address, elsewhere."""

    async def redirect(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = "ws://127.0.0.1:9/elsewhere"
        return response

    async with serve(lambda connection: connection.close(), "127.0.0.1", 0, process_request=redirect) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(AgentUnreachableError, match="HTTP 302"):
            await AgentServerConnector(private_networks=True).connect(f"ws://127.0.0.1:{port}", "c1")


async def test_secret_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not even the library's debug log shows the address."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(AgentUnreachableError) as unreachable:
        await AgentServerConnector(private_networks=True).connect("ws://127.0.0.1:1/secret-path?key=secret-key", "c1")
    async with serve(lambda connection: connection.close(), "127.0.0.1", 0, logger=logging.getLogger("s")) as server:
        port = server.sockets[0].getsockname()[1]
        logging.getLogger("s").disabled = True
        socket = await AgentServerConnector(private_networks=True).connect(
            f"ws://127.0.0.1:{port}/secret-path?key=secret-key", "c1"
        )
        await socket.close(1000)
    assert "secret" not in caplog.text
    assert "secret" not in str(unreachable.value)


async def test_tls_is_set_up_once_for_all_calls() -> None:
    """Loading the authorities anew for each call would stop all others; and a stranger's certificate is refused."""
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=CERTIFICATE)
    serving.load_cert_chain(CERTIFICATE)
    connector = AgentServerConnector(private_networks=True, tls=trusting)
    async with serve(lambda connection: connection.wait_closed(), "127.0.0.1", 0, ssl=serving) as server:
        url = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/llm"
        for call_id in ("c1", "c2"):
            socket = await connector.connect(url, call_id)
            assert socket._connection.transport.get_extra_info("ssl_object").context is trusting
            await socket.close(1000)
        with pytest.raises(AgentUnreachableError, match="SSLCertVerificationError"):
            await AgentServerConnector(private_networks=True).connect(url, "c3")
