"""The customers' own server of the chaos suite: bad at first, good at last, and it knows whether it was told by us."""

import hashlib
import hmac
import json

import aiohttp
import pytest

from bench.chaos.receiver import BAD_TIMES, SECRET, Receiver, receiver


async def told(session: aiohttp.ClientSession, to: Receiver, trace_id: str, secret: str = SECRET) -> int:
    """Tell it something; the status of its answer, 0 for none."""
    body = json.dumps({"event": "CallHandler.CallEnded", "traceId": trace_id, "call": {"call_id": "c"}}).encode()
    at = "2026-11-23T12:00:00.000+00:00"
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "X-Webhook-Event": "CallHandler.CallEnded",
        "X-Webhook-Traceid": trace_id,
        "X-Webhook-Timestamp": at,
        "X-Webhook-Signature": f"sha256={digest}",
    }
    timeout = aiohttp.ClientTimeout(total=0.5)
    try:
        async with session.post(to.url, data=body, headers=headers, timeout=timeout, allow_redirects=False) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


async def test_it_meets_webhooks_in_every_way_and_takes_all_at_last() -> None:
    """Forty webhooks: some fail, hang, are reset, sent away or refused at first; a third time each is taken."""
    async with receiver() as to, aiohttp.ClientSession() as session:
        first = {await told(session, to, f"trace-{number}") for number in range(40)}
        for _ in range(BAD_TIMES - 1):
            for number in range(40):
                await told(session, to, f"trace-{number}")
        last = [await told(session, to, f"trace-{number}") for number in range(40)]
    assert first == {200, 204, 307, 429, 500, 0}
    assert last == [204] * 40
    assert {one.trace_id for one in to.told if one.is_taken} == {f"trace-{number}" for number in range(40)}


@pytest.mark.parametrize(("secret", "is_signed"), [(SECRET, True), ("another", False)])
async def test_it_knows_who_told(secret: str, is_signed: bool) -> None:
    """The signature is checked by a few lines of its own."""
    async with receiver() as to, aiohttp.ClientSession() as session:
        await told(session, to, "trace", secret)
    assert [one.is_signed for one in to.told] == [is_signed]
