"""What is posted to a customer's server, and where it is never posted to."""

import asyncio
import socket
import time
import traceback

import pytest
from aiohttp.resolver import ThreadedResolver

from adapters.public_addresses import PrivateAddressError, refuse_private
from adapters.webhook.poster import HttpWebhookPoster
from adapters.webhook.strangers_only import StrangersOnly
from calls.ports.webhooks import WebhookFailedError
from tests.gateway.customers_server import customers_server

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.9",
    "172.16.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
]
PRIVATE += ["::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "::"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    """Loopback, private and link-local networks, carriers' NAT, metadata services, however they are written."""
    with pytest.raises(PrivateAddressError):
        refuse_private(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_the_public_internet_is_not(address: str) -> None:
    """Whoever has such an address may be told."""
    refuse_private(address)


async def test_a_name_that_leads_into_our_network_is_refused() -> None:
    """What a name is found to be counts, at the moment of connecting."""
    guarded, plain = StrangersOnly(), ThreadedResolver()
    assert await plain.resolve("localhost", 80, socket.AF_INET)
    with pytest.raises(PrivateAddressError):
        await guarded.resolve("localhost", 80, socket.AF_INET)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "2130706433", "0x7f.1"])
async def test_nothing_is_sent_into_our_network(host: str) -> None:
    """As a name, an address, or a number that the system would take for one; the server is never asked."""
    async with customers_server() as server:
        url = server.url.replace("http:", "https:").replace("127.0.0.1", host)
        with pytest.raises(WebhookFailedError, match=r"private network|Error|ValueError"):
            await HttpWebhookPoster(private_networks=False).post(url, b"{}", {}, within_seconds=2)
        assert server.asked == []


async def test_it_says_that_a_network_is_private() -> None:
    """So that an operator knows which setting decides."""
    with pytest.raises(WebhookFailedError, match="belongs to a private network"):
        await HttpWebhookPoster(private_networks=False).post("https://localhost:9/x", b"{}", {}, within_seconds=2)


async def test_nothing_is_sent_in_clear() -> None:
    """Whatever a record from before says, where only https is allowed."""
    with pytest.raises(WebhookFailedError, match="not https"):
        await HttpWebhookPoster(private_networks=False).post("http://crm.example.com/x", b"{}", {}, within_seconds=2)


@pytest.mark.parametrize(("status", "pause"), [(500, None), (404, None), (302, None)])
async def test_anything_but_a_2xx_is_a_failure(status: int, pause: float | None) -> None:
    """Redirects too: they are not followed, and the server is asked once."""
    async with customers_server() as server:
        server.answers = [status]
        with pytest.raises(WebhookFailedError, match=f"HTTP {status}") as failed:
            await HttpWebhookPoster(private_networks=True).post(server.url, b"{}", {}, within_seconds=2)
        assert len(server.asked) == 1
        assert failed.value.retry_after_seconds is pause


async def test_a_server_may_ask_to_be_left_alone() -> None:
    """Seconds are understood; a date, or nonsense, is left to our own back-off."""
    async with customers_server() as server:
        for said, understood in (("120", 120.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-5", None)):
            server.answers, server.headers = [503], {"Retry-After": said}
            with pytest.raises(WebhookFailedError) as failed:
                await HttpWebhookPoster(private_networks=True).post(server.url, b"{}", {}, within_seconds=2)
            assert failed.value.retry_after_seconds == understood


async def test_a_lying_answer_is_an_answer_and_a_hanging_one_is_not_waited_for() -> None:
    """Garbage with a 2xx was taken; an endless body and a server that never answers are failures, in time."""
    poster = HttpWebhookPoster(private_networks=True)
    async with customers_server() as server:
        server.answers = [b"\xff\xfe not JSON at all"]
        assert await poster.post(server.url, b"{}", {}, within_seconds=2)
        server.answers = [b"x" * 300_000]
        with pytest.raises(WebhookFailedError, match="more than 256 kB"):
            await poster.post(server.url, b"{}", {}, within_seconds=2)
        server.answers, server.slow_seconds = [{}], 5.0
        began = time.monotonic()
        with pytest.raises(WebhookFailedError, match=r"no answer within 0\.2 s"):
            await poster.post(server.url, b"{}", {}, within_seconds=0.2)
        assert time.monotonic() - began < 3


async def test_the_address_is_in_no_failure() -> None:
    """It may hold a secret, and what failed is logged and kept with all that caused it."""

    async def answer_nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"nonsense\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer_nonsense, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/calls?token=s3cret"
        with pytest.raises(WebhookFailedError) as failed:
            await HttpWebhookPoster(private_networks=True).post(url, b"{}", {}, within_seconds=2)
    assert failed.value.__cause__ is None
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))
