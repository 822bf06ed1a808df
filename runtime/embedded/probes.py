"""How a part shows that it is ready: an HTTP path that answers, or a line in its log."""

import asyncio
from collections.abc import Awaitable, Callable

Probe = Callable[[str], Awaitable[bool]]
"""Asked again and again until it says True; it is given what the part has logged in this life."""

_ANSWER_WITHIN_SECONDS = 2.0


def answers(host: str, port: int, path: str) -> Probe:
    """Ready when a GET of `path` is answered with 200."""

    async def probe(_log: str) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_SECONDS):
                return await _status(host, port, path) == "200"
        except (OSError, TimeoutError):
            return False

    return probe


def logs(line: str) -> Probe:
    """Ready when it has logged a line that contains `line`."""

    async def probe(log: str) -> bool:
        return line in log

    return probe


async def _status(host: str, port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode("ascii"))
        first = await reader.readline()
        return first.decode("latin-1").split(" ")[1] if first.count(b" ") else ""
    finally:
        writer.close()
