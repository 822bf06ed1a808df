"""Every 2xx answer fits the vendor's published schema and has all of its fields."""

from tests.simulator.rig import RELAY_TWIML, Carrier, agent
from tests.simulator.schema import validate

ALICE = "+14155550101"
EXTRA_ON_THE_WIRE = {"annotation"}
"""Fields that the live API is known to answer and the published schema lacks."""


async def _finished_call(carrier: Carrier) -> tuple[str, str]:
    app = carrier.app
    app.twiml = {"/voice": RELAY_TWIML, "/relay-ended": "<Response><Hangup/></Response>"}
    app.talk = agent(app, 1)
    sid = await carrier.call(ALICE)
    recording = await app.form("/recording", RecordingStatus="completed")
    await app.form("/status", CallStatus="completed")
    return sid, recording["RecordingSid"]


async def test_a_call_has_every_published_field_in_its_published_form(carrier: Carrier) -> None:
    """Create, fetch before and after, update and list answer with the whole schema."""
    carrier.app.twiml = {"/voice": "<Response><Pause length='60'/></Response>"}
    form = [("To", ALICE), ("From", "+14155550100"), ("Url", "https://ringback.test/voice")]
    status, created = await carrier.post("/Calls.json", form)
    assert status == 201
    assert validate("post", "/Calls.json", 201, created) | EXTRA_ON_THE_WIRE == set(created)
    assert (created["status"], created["start_time"], created["duration"]) == ("queued", None, None)
    await carrier.until(created["sid"], "in-progress")
    _, live = await carrier.get(f"/Calls/{created['sid']}.json")
    validate("get", "/Calls/{Sid}.json", 200, live)
    assert (live["status"], live["duration"], live["end_time"]) == ("in-progress", None, None)
    status, ended = await carrier.post(f"/Calls/{created['sid']}.json", [("Status", "completed")])
    assert status == 200
    validate("post", "/Calls/{Sid}.json", 200, ended)
    assert (ended["status"], ended["duration"]) == ("completed", "1")
    _, listed = await carrier.get("/Calls.json")
    assert validate("get", "/Calls.json", 200, listed) == set(listed)
    assert [call["sid"] for call in listed["calls"]] == [created["sid"]]


async def test_recordings_have_every_published_field_in_their_published_form(carrier: Carrier) -> None:
    """A recording as the account's and as its call's resource, alone and in lists."""
    sid, recording_sid = await _finished_call(carrier)
    for path, actual in (
        ("/Recordings/{Sid}.json", f"/Recordings/{recording_sid}.json"),
        ("/Calls/{CallSid}/Recordings/{Sid}.json", f"/Calls/{sid}/Recordings/{recording_sid}.json"),
        ("/Recordings.json", "/Recordings.json"),
        ("/Recordings.json", f"/Recordings.json?CallSid={sid}"),
        ("/Calls/{CallSid}/Recordings.json", f"/Calls/{sid}/Recordings.json"),
    ):
        status, body = await carrier.get(actual)
        assert status == 200
        assert validate("get", path, 200, body) == set(body)


async def test_a_deleted_recording_is_gone(carrier: Carrier) -> None:
    """Delete answers 204 and from then on there is neither resource nor media."""
    _, recording_sid = await _finished_call(carrier)
    address = f"{carrier.account}/Recordings/{recording_sid}"
    async with carrier.http.get(f"{address}.wav?RequestedChannels=2") as response:
        assert response.status == 200
    async with carrier.http.get(f"{address}.mp3") as response:
        assert response.status == 404
    async with carrier.http.delete(f"{address}.json") as response:
        assert response.status == 204
    async with carrier.http.get(f"{address}.wav") as response:
        assert response.status == 404


async def test_the_balance_fits_its_schema(carrier: Carrier) -> None:
    """The balance has its three fields."""
    status, body = await carrier.get("/Balance.json")
    assert status == 200
    assert validate("get", "/Balance.json", 200, body) == set(body)


async def test_lists_come_in_pages_newest_first(carrier: Carrier) -> None:
    """Pages link to their neighbours and filters stay on the links."""
    sids = [await carrier.call(f"+1415555012{n}", ("Timeout", "60")) for n in (2, 2, 2)]
    _, first = await carrier.get("/Calls.json?PageSize=2&To=%2B14155550122")
    assert [call["sid"] for call in first["calls"]] == [sids[2], sids[1]]
    assert first["previous_page_uri"] is None
    async with carrier.http.get(carrier.origin + first["next_page_uri"]) as response:
        second = await response.json()
    assert [call["sid"] for call in second["calls"]] == [sids[0]]
    assert second["next_page_uri"] is None
    assert (second["page"], second["start"], second["end"]) == (1, 2, 2)
    _, none = await carrier.get("/Calls.json?Status=completed")
    assert none["calls"] == []
