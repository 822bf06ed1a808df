"""What the API refuses, with the carrier's codes and the carrier's error body."""

import aiohttp
import pytest

from tests.simulator.rig import CALLER, Carrier

GOOD = {"To": "+14155550122", "From": CALLER, "Url": "https://ringback.test/voice"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "12345"}, 21211),
        ({"To": "+15005550001"}, 21217),
        ({"To": "+15005550002"}, 21214),
        ({"To": "+15005550003"}, 21215),
        ({"To": "+15005550004"}, 21216),
        ({"From": ""}, 21213),
        ({"From": "somebody"}, 21212),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+442071838750"}, 21210),
        ({"Url": ""}, 21205),
        ({"Url": "/voice"}, 21205),
        ({"Url": "ftp://ringback.test/voice"}, 21205),
        ({"StatusCallback": "https://ring_back.test/"}, 21205),
        ({"Timeout": "601"}, 21208),
        ({"StatusCallbackEvent": "answered rung"}, 20001),
        ({"MachineDetection": "Always"}, 20001),
        ({"MachineDetection": "Enable", "MachineDetectionTimeout": "60"}, 20001),
        ({"MachineDetection": "Enable", "MachineDetectionSpeechThreshold": "500"}, 20001),
        ({"SendDigits": "hello"}, 20001),
        ({"Url": "", "Twiml": "x" * 4001}, 20001),
    ],
)
async def test_a_wrong_create_is_refused_with_the_carriers_code(
    carrier: Carrier, change: dict[str, str], code: int
) -> None:
    """Each wrong parameter has its code, the body its four fields, and no call exists afterwards."""
    status, body = await carrier.post("/Calls.json", [*(GOOD | change).items()])
    assert status == 400
    assert set(body) == {"code", "message", "more_info", "status"}
    assert (body["code"], body["status"]) == (code, 400)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert await carrier.control("GET", "/ledger") == []


async def test_wrong_credentials_are_refused(carrier: Carrier) -> None:
    """Another token gives 401 with 20003 and a challenge."""
    async with (
        aiohttp.ClientSession() as stranger,
        stranger.get(f"{carrier.account}/Calls.json") as response,
    ):
        assert response.status == 401
        assert (await response.json())["code"] == 20003
        assert "Basic" in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "path", ["/Calls/CA1.json", "/Recordings/RE1.json", "/Nothing.json", "/Calls/CA1/Recordings.json"]
)
async def test_what_is_not_there_is_not_found(carrier: Carrier, path: str) -> None:
    """Unknown resources answer 404 with 20404."""
    status, body = await carrier.get(path)
    assert (status, body["code"]) == (404, 20404)


@pytest.mark.parametrize("query", ["PageSize=many", "Page=-1", "StartTime%3E=yesterday"])
async def test_an_unreadable_filter_is_refused(carrier: Carrier, query: str) -> None:
    """A list's numbers and dates must be such."""
    sid = await carrier.call("+14155550102")
    await carrier.until(sid, "busy")
    status, body = await carrier.get(f"/Calls.json?{query}")
    assert (status, body["code"]) == (400, 20001)


async def test_a_finished_call_cannot_be_changed(carrier: Carrier) -> None:
    """Hanging up or redirecting an ended call answers 21220; deleting it works once, and only once it has ended."""
    sid = await carrier.call("+14155550122")
    async with carrier.http.delete(f"{carrier.account}/Calls/{sid}.json") as response:
        assert (await response.json())["code"] == 20009
    status, body = await carrier.post(f"/Calls/{sid}.json", [("Twiml", "<Response/>")])
    assert (status, body["code"]) == (400, 21220)
    status, body = await carrier.post(f"/Calls/{sid}.json", [("Status", "canceled")])
    assert (status, body["status"]) == (200, "canceled")
    status, body = await carrier.post(f"/Calls/{sid}.json", [("Status", "completed")])
    assert (status, body["code"], body["message"]) == (400, 21220, "Call is not in-progress. Cannot redirect.")
    async with carrier.http.delete(f"{carrier.account}/Calls/{sid}.json") as response:
        assert response.status == 204
    assert (await carrier.get(f"/Calls/{sid}.json"))[0] == 404
