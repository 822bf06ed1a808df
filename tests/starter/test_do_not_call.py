"""The do-not-call list from the command line."""

from tests.starter.conftest import ALICE, BOB, Desk


async def test_a_number_is_added_listed_and_removed(desk: Desk) -> None:
    """Adding twice keeps the first entry; removing what is not listed is not found; no number is bad input."""
    added = await desk.run("do-not-call", "add", ALICE, "--note", "asked us to stop", "--json")
    assert (added.json["phone_number"], added.json["note"]) == (ALICE, "asked us to stop")
    assert "already" in (await desk.run("do-not-call", "add", ALICE)).out
    assert "asked us to stop" in (await desk.run("do-not-call", "list")).out
    assert (await desk.run("do-not-call", "list", "--json")).json["total_count"] == 1
    assert (await desk.run("do-not-call", "remove", BOB)).code == 3
    assert (await desk.run("do-not-call", "add", "911")).code == 2
    other_spelling = await desk.run("do-not-call", "add", "+4402071838750")
    assert (other_spelling.code, "use +442071838750" in other_spelling.err) == (2, True)
    assert (await desk.run("do-not-call", "remove", ALICE)).code == 0
    assert (await desk.run("do-not-call", "list", "--json")).json["do_not_call"] == []
