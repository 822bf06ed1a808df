"""Downloads that go wrong, at a server that sends what it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from adapters.twilio.carrier import TwilioCarrier
from calls.ports.carrier import CarrierError
from simulator.wav import header
from tests.adapters.twilio.outside import SID, TOKEN, URLS

RECORDING = "RE" + "a" * 32
PATH = f"/2010-04-01/Accounts/{SID}/Recordings/{RECORDING}.wav"


SOUND = header(8000, 1) + bytes(16_000)
"""A second of silence."""


def _answer(status: str, body: bytes = b"", *, length: int | None = None, headers: str = "") -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {size}\r\n{headers}\r\n".encode() + body


@contextlib.asynccontextmanager
async def _carrier_that_gets(*answers: bytes) -> AsyncIterator[tuple[TwilioCarrier, list[str]]]:
    """A carrier at a server that gives these answers in turn, and the requests it made, by line."""
    waiting, requests = list(answers), list[str]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        requests.append(head)
        length = next((line for line in head.lower().splitlines() if line.startswith("content-length:")), "0")
        await reader.readexactly(int(length.rpartition(":")[2]))
        writer.write(waiting.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = "http://{}:{}".format(*server.sockets[0].getsockname())
    async with server:
        carrier = TwilioCarrier(
            account_sid=SID, auth_token=TOKEN, urls=URLS, origin=origin, api_key=("SK" + "1" * 32, "secret")
        )
        try:
            yield carrier, requests
        finally:
            await carrier.close()


async def _audio(carrier: TwilioCarrier) -> bytes:
    return b"".join([piece async for piece in carrier.recording_audio(RECORDING)])


async def test_both_channels_are_asked_for_with_the_api_key() -> None:
    """The download asks for two channels and always carries the credentials, the API key's where there is one."""
    async with _carrier_that_gets(_answer("200 OK", SOUND)) as (carrier, requests):
        assert await _audio(carrier) == SOUND
    assert requests[0].startswith(f"GET {PATH}?RequestedChannels=2 HTTP/1.1\r\n")
    assert "Authorization: Basic U0sxMTEx" in requests[0]


async def test_one_channel_is_better_than_none() -> None:
    """Where there are no two channels, the one there is is taken."""
    async with _carrier_that_gets(_answer("400 Bad Request"), _answer("200 OK", SOUND)) as (carrier, requests):
        assert await _audio(carrier) == SOUND
    assert requests[1].startswith(f"GET {PATH} HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_answer("200 OK", b"RIF", length=1000), id="cut short"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + SOUND[:-1], id="ends early, of no told length"),
        pytest.param(_answer("200 OK", SOUND[:9000]), id="shorter than its header says"),
        pytest.param(_answer("200 OK", b"RIFF"), id="shorter than a header"),
        pytest.param(_answer("200 OK"), id="empty"),
        pytest.param(_answer("200 OK", b"<html>Please log in</html>"), id="no recording at all"),
        pytest.param(_answer("404 Not Found"), id="not there yet"),
        pytest.param(_answer("503 Unavailable"), id="failing"),
        pytest.param(_answer("401 Unauthorized"), id="with a key that is being changed"),
        pytest.param(_answer("302 Found", headers="Location: http://169.254.169.254/\r\n"), id="sent elsewhere"),
    ],
)
async def test_failed_downloads(answer: bytes) -> None:
    """A download that is cut short or refused is an error, and asking again can help: within a day keys are mended."""
    async with _carrier_that_gets(answer) as (carrier, requests):
        with pytest.raises(CarrierError) as failed:
            await _audio(carrier)
    assert not failed.value.permanent
    assert len(requests) == 1


@pytest.mark.parametrize("size", [b"\0\0\0\0", b"\xff\xff\xff\xff"])
async def test_a_header_without_a_length_is_believed(size: bytes) -> None:
    """Whoever wrote it did not know the length; then the transfer's own end is all there is."""
    sound = SOUND[:4] + size + SOUND[8:]
    async with _carrier_that_gets(_answer("200 OK", sound)) as (carrier, _):
        assert await _audio(carrier) == sound


@pytest.mark.parametrize(("running", "stopped"), [("in-progress", True), ("completed", False)])
async def test_a_recording_without_a_short_name_is_stopped_by_its_own(running: str, stopped: bool) -> None:
    """Where the carrier does not know Twilio.CURRENT, its list is read, and what runs there is stopped."""
    one = {"sid": RECORDING, "status": running, "duration": None, "channels": 2}
    page = json.dumps({"recordings": [one], "page": 0, "next_page_uri": None}).encode()
    answers = [_answer("404 Not Found", b"{}"), _answer("200 OK", page)]
    answers += [_answer("200 OK", json.dumps(one | {"status": "stopped"}).encode())] * stopped
    async with _carrier_that_gets(*answers) as (carrier, requests):
        assert await carrier.stop_recording("CA" + "1" * 32) is stopped
    asked = [request.split(" HTTP")[0].rpartition("/")[2] for request in requests]
    assert asked[0] == "Twilio.CURRENT.json"
    assert (asked[-1] == f"{RECORDING}.json") is stopped
