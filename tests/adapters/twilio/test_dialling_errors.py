"""What a failed dial means: refused, not processed, or ambiguous; and that nothing is ever sent twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from adapters.twilio.carrier import TwilioCarrier
from calls.ports.carrier import CarrierError, DialAmbiguousError, DialNotProcessedError, DialRefusedError
from calls.reasons import FinishReason
from runtime.embedded.ports import choose
from tests.adapters.twilio.outside import ALICE, SID, TOKEN, URLS, Outside, a_dial


@contextlib.asynccontextmanager
async def _carrier_at(origin: str, token: str = TOKEN, answer_seconds: float = 0.5) -> AsyncIterator[TwilioCarrier]:
    carrier = TwilioCarrier(account_sid=SID, auth_token=token, urls=URLS, origin=origin, answer_seconds=answer_seconds)
    try:
        yield carrier
    finally:
        await carrier.close()


@pytest.mark.parametrize(
    ("to_number", "from_number", "expected"),
    [
        ("+15005550001", "+14155550100", (21217, FinishReason.CALL_FAILED, "invalid_destination")),
        ("+15005550002", "+14155550100", (21214, FinishReason.CALL_FAILED, "invalid_destination")),
        ("+15005550003", "+14155550100", (21215, FinishReason.CALL_FAILED, "permission_denied")),
        ("+15005550004", "+14155550100", (21216, FinishReason.POTENTIAL_SCAM_DETECTED, "blocked_by_carrier")),
        (ALICE, "+15005550001", (21212, FinishReason.CALL_FAILED, "invalid_caller_id")),
        (ALICE, "+4930123456", (21210, FinishReason.CALL_FAILED, "invalid_caller_id")),
    ],
)
async def test_refusals(
    carrier: TwilioCarrier, to_number: str, from_number: str, expected: tuple[int, FinishReason, str]
) -> None:
    """The carrier's refusals are final, with the reason of their code and what was seen."""
    dial = replace(a_dial(to_number), from_number=from_number)
    with pytest.raises(DialRefusedError) as refused:
        await carrier.dial(dial)
    evidence = refused.value.evidence
    assert (evidence["carrier_error_code"], refused.value.reason, evidence["detail"]) == expected
    assert evidence["http_status"] == 400
    assert refused.value.permanent
    assert str(evidence["carrier_message"])


async def test_a_suspended_account_cannot_pay(carrier: TwilioCarrier, outside: Outside) -> None:
    """An inactive account is a refusal for payment's sake."""
    await outside.faults(account_suspended=True)
    with pytest.raises(DialRefusedError) as refused:
        await carrier.dial(a_dial(ALICE))
    assert refused.value.reason is FinishReason.INVALID_PAYMENT


async def test_wrong_credentials_are_told_apart(outside: Outside) -> None:
    """A wrong token is the operator's mistake, not the callee's number."""
    async with _carrier_at(outside.origin, "wrong") as carrier:
        with pytest.raises(DialRefusedError) as refused:
            await carrier.dial(a_dial(ALICE))
        assert (refused.value.reason, refused.value.evidence["detail"]) == (FinishReason.TWILIO_SERVICE_ERROR, "auth")
        with pytest.raises(CarrierError) as failed:
            await carrier.ask("CA" + "0" * 32)
        assert failed.value.permanent


async def test_too_many_requests_were_not_processed(carrier: TwilioCarrier, outside: Outside) -> None:
    """A 429 says that nothing was processed: the dial may be repeated."""
    await outside.faults(create_too_many=1)
    with pytest.raises(DialNotProcessedError) as failed:
        await carrier.dial(a_dial(ALICE))
    assert failed.value.reason is FinishReason.TWILIO_SERVICE_ERROR
    assert not failed.value.permanent
    assert await outside.truth() == []


@pytest.mark.parametrize(("switch", "rings"), [("create_error_before", 0), ("create_error_after", 1)])
async def test_a_server_error_is_ambiguous(carrier: TwilioCarrier, outside: Outside, switch: str, rings: int) -> None:
    """A 500 may hide an accepted dial or none; the adapter cannot know, says so, and does not try again."""
    await outside.faults(**{switch: 1})
    with pytest.raises(DialAmbiguousError) as lost:
        await carrier.dial(a_dial(ALICE))
    assert lost.value.evidence["http_status"] == 500
    assert len(await outside.truth()) == rings


async def test_no_answer_is_ambiguous(outside: Outside) -> None:
    """A dial that the carrier accepted and never answered is given up in time, is ambiguous, and rang once."""
    await outside.faults(create_hang=1, create_hang_seconds=30)
    async with _carrier_at(outside.origin) as carrier:
        with pytest.raises(DialAmbiguousError) as lost:
            await carrier.dial(a_dial(ALICE))
    assert lost.value.evidence["detail"] == "answer_lost"
    assert len(await outside.truth()) == 1


async def test_a_closed_port_was_not_reached() -> None:
    """Where nobody listens nothing was sent: the dial may be repeated."""
    port = choose(["nobody"], {})["nobody"]
    async with _carrier_at(f"http://127.0.0.1:{port}") as carrier:
        with pytest.raises(DialNotProcessedError) as failed:
            await carrier.dial(a_dial(ALICE))
        assert failed.value.evidence["detail"] == "carrier_unreachable"
        with pytest.raises(CarrierError) as other:
            await carrier.hang_up("CA" + "0" * 32)
        assert not other.value.permanent


async def test_a_name_that_does_not_exist_was_not_reached() -> None:
    """Where there is no such host nothing was sent."""
    async with _carrier_at("http://carrier.invalid", answer_seconds=10) as carrier:
        with pytest.raises(DialNotProcessedError):
            await carrier.dial(a_dial(ALICE))


Answer = Callable[[asyncio.StreamWriter], None]


def _raw(status: str, body: str = "", kind: str = "text/html") -> Answer:
    text = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    return lambda writer: writer.write(text.encode())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda writer: writer.close(), id="closed at once"),
        pytest.param(lambda writer: writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{"), id="cut"),
        pytest.param(lambda writer: writer.write(b"nonsense\r\n\r\n"), id="no HTTP"),
        pytest.param(_raw("201 Created", "<html>"), id="no JSON"),
        pytest.param(_raw("201 Created", "[]", "application/json"), id="another shape"),
        pytest.param(_raw("201 Created", "{}", "application/json"), id="no id"),
        pytest.param(_raw("502 Bad Gateway", "<html>"), id="a proxy's page"),
        pytest.param(_raw("503 Unavailable", '{"code": 21211, "message": "x"}'), id="a code that lies"),
        pytest.param(_raw("302 Found"), id="sent elsewhere"),
        pytest.param(_raw("408 Request Timeout"), id="a proxy's patience"),
    ],
)
async def test_whatever_is_unclear_is_ambiguous_and_sent_once(answer: Answer) -> None:
    """An answer that proves neither acceptance nor refusal is ambiguous, and one request was made."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        requests.append(head)
        answer(writer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = "http://{}:{}".format(*server.sockets[0].getsockname())
    async with server, _carrier_at(origin) as carrier:
        with pytest.raises(DialAmbiguousError):
            await carrier.dial(a_dial(ALICE))
    assert len(requests) == 1
    assert requests[0].startswith(b"POST /2010-04-01/Accounts/")


async def test_only_twilio_is_spoken_to(carrier: TwilioCarrier) -> None:
    """The transport takes an address of Twilio's API to its origin and refuses every other host."""
    with pytest.raises(ValueError, match=r"evil\.test"):
        carrier._http.address("https://evil.test/2010-04-01/Accounts")
    for url in ("https://api.twilio.com.evil.test/x", "http://api.twilio.com/x", "https://voice.twilio.com/x"):
        with pytest.raises(ValueError, match="no request to"):
            carrier._http.address(url)
