"""/v1/do-not-call, and what it does to requests for calls."""

from typing import Any

import pytest

from tests.gateway.conftest import CALLEE, Rig

LIST = "/v1/do-not-call"


async def test_a_number_is_listed_and_taken_off(rig: Rig) -> None:
    """A number is added once, read in every spelling of its path, listed and removed."""
    first = await rig.http.post(LIST, json={"phone_number": CALLEE, "note": "asked us to stop"})
    again = await rig.http.post(LIST, json={"phone_number": CALLEE})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert set(first.json()) == {"phone_number", "note", "added_at"}
    digits = CALLEE[1:]
    for name in (f"+{digits}", f"%2B{digits}", f"%20{digits}"):
        assert (await rig.http.get(f"{LIST}/{name}")).json() == first.json(), name
    await rig.http.post(LIST, json={"phone_number": "+14155550102"})
    page = (await rig.http.get(f"{LIST}/?page_size=1")).json()
    assert (page["do_not_call"], page["total_count"]) == ([first.json()], 2)
    rest = (await rig.http.get(f"{LIST}?page_token={page['next_page_token']}")).json()
    assert [one["phone_number"] for one in rest["do_not_call"]] == ["+14155550102"]
    assert (await rig.http.delete(f"{LIST}/{CALLEE}")).status_code == 204
    for answer in (await rig.http.delete(f"{LIST}/{CALLEE}"), await rig.http.get(f"{LIST}/{CALLEE}")):
        assert answer.status_code == 404


async def test_a_listed_number_is_not_called(rig: Rig) -> None:
    """A request for a listed number is refused with a code, and taken when it is off the list."""
    await rig.http.post(LIST, json={"phone_number": CALLEE})
    refused = await rig.dial()
    assert (refused.status_code, refused.json()["code"]) == (403, "do_not_call")
    assert await rig.nothing_happened()
    await rig.http.delete(f"{LIST}/{CALLEE}")
    assert (await rig.dial()).status_code == 201


async def test_a_repeated_request_finds_its_call(rig: Rig) -> None:
    """A request that placed a call answers with that call, though its callee is on the list by now."""
    placed = await rig.dial(call_id="once")
    await rig.http.post(LIST, json={"phone_number": CALLEE})
    again = await rig.dial(call_id="once")
    assert (placed.status_code, again.status_code) == (201, 200)


@pytest.mark.parametrize(
    ("wrong", "loc"),
    [
        ({}, "phone_number"),
        ({"phone_number": "911"}, "phone_number"),
        ({"phone_number": CALLEE, "note": "x" * 501}, "note"),
        ({"phone_number": CALLEE, "added_at": "2026-11-22T12:00:00Z"}, "added_at"),
    ],
)
async def test_a_wrong_entry_is_refused(rig: Rig, wrong: dict[str, Any], loc: str) -> None:
    """A wrong field is a 422 that names it, and nothing is listed."""
    answer = await rig.http.post(LIST, json=wrong)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", loc])
    assert (await rig.http.get(LIST)).json()["total_count"] == 0


async def test_strangers_do_not_see_it(rig: Rig) -> None:
    """Without a key the list can be neither read nor changed."""
    for method, path in (("GET", LIST), ("POST", LIST), ("GET", f"{LIST}/{CALLEE}"), ("DELETE", f"{LIST}/{CALLEE}")):
        assert (await rig.stranger.request(method, path)).status_code == 401


async def test_another_spelling_is_not_listed(rig: Rig) -> None:
    """An entry that no dial would ever match protects nobody."""
    refused = await rig.http.post(LIST, json={"phone_number": "+4402071838750"})
    assert refused.status_code == 422
    assert "use +442071838750" in refused.json()["detail"][0]["msg"]
    assert (await rig.http.get(LIST)).json()["total_count"] == 0
