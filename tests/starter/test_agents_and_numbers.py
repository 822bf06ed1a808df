"""Agents and numbers from the command line."""

import json

from tests.starter.conftest import ALICE, BOB, CALLER, Desk


async def test_an_agent_is_added_changed_and_deleted(desk: Desk) -> None:
    """Options win over --set, and that over the file; change leaves what is not named, put replaces everything."""
    file = json.dumps({"ai_agent_name": "From the file", "ring_timeout_seconds": 9, "language": "de-DE"})
    added = await desk.run(
        *("agents", "add", "--name", "Otto", "--llm-url", "wss://otto.test", "--file", "-"),
        *(
            "--set",
            "max_simultaneous_calls=3",
            "--set",
            "ring_timeout_seconds=20",
            "--set",
            'voicemail={"action": "leave_message", "message": "Hi"}',
        ),
        "--json",
        stdin=file,
    )
    otto = added.json
    assert otto["max_simultaneous_calls"] == 3
    assert (otto["ai_agent_name"], otto["ring_timeout_seconds"], otto["language"]) == ("Otto", 20, "de-DE")
    assert otto["voicemail"]["message"] == "Hi"
    one = ("agents", "change", otto["ai_agent_id"], "--json")
    changed = (await desk.run(*one, "--set", "webhook_url=https://crm.test", "--set", "ring_timeout_seconds=null")).json
    assert changed == {**otto, "webhook_url": "https://crm.test", "ring_timeout_seconds": None}
    assert (await desk.run(*one, "--set", "language=null", "--name", "Otto 2")).json["language"] == "en-US"
    assert (await desk.run(*one, "--set", "llm_websocket_url=null")).code == 2
    assert (await desk.run("agents", "change", "f" * 24, "--name", "Nobody")).code == 3
    put = await desk.run(
        "agents", "put", otto["ai_agent_id"], "--name", "Ottilie", "--llm-url", "wss://o.test", "--json"
    )
    assert (put.json["ai_agent_name"], put.json["language"]) == ("Ottilie", "en-US")
    assert "Ottilie" in (await desk.run("agents", "list")).out
    assert "wss://o.test" in (await desk.run("agents", "show", otto["ai_agent_id"])).out
    assert (await desk.run("agents", "delete", otto["ai_agent_id"])).code == 0
    assert (await desk.run("agents", "list", "--json")).json["ai_agents"] == []


async def test_an_agent_in_use_stays(desk: Desk) -> None:
    """An agent with a number bound to it cannot be deleted until the binding is taken away."""
    agent_id = await desk.with_agent()
    assert (await desk.run("agents", "delete", agent_id)).code == 4
    unbound = await desk.run("numbers", "bind", CALLER, "--agent", "none", "--json")
    assert unbound.json["outbound_ai_agent_id"] is None
    assert (await desk.run("agents", "delete", agent_id)).code == 0


async def test_a_number_is_added_once(desk: Desk) -> None:
    """A second one is a conflict; binding keeps what is not named."""
    agent_id = await desk.with_agent()
    added = await desk.run("numbers", "add", ALICE, "--nickname", "Office", "--json")
    assert added.json["phone_number"] == ALICE
    assert (await desk.run("numbers", "add", ALICE)).code == 4
    bound = await desk.run("numbers", "bind", ALICE, "--inbound-agent", agent_id, "--json")
    assert (bound.json["nickname"], bound.json["inbound_ai_agent_id"]) == ("Office", agent_id)
    hook = "https://crm.example.com/calls"
    asked = await desk.run("numbers", "bind", ALICE, "--inbound", "none", "--inbound-webhook", hook, "--json")
    assert (asked.json["inbound_webhook_url"], asked.json["inbound_ai_agent_id"]) == (hook, None)
    assert (await desk.run("numbers", "bind", ALICE, "--inbound-webhook", "mailto:x")).code == 2
    in_clear = await desk.run("numbers", "bind", ALICE, "--inbound-webhook", "http://crm.example.com/calls")
    assert (in_clear.code, "https://" in in_clear.err) == (2, True)
    assert "Office" in (await desk.run("numbers", "list")).out
    assert (await desk.run("numbers", "delete", added.json["_id"])).code == 0
    assert (await desk.run("numbers", "show", ALICE)).code == 3
    assert (await desk.run("numbers", "show", BOB)).code == 3


async def test_a_long_listing_says_where_it_goes_on(desk: Desk) -> None:
    """The token of the next page is on stderr for people, in the object for programs."""
    for number in (ALICE, BOB):
        await desk.run("numbers", "add", number)
    first = await desk.run("numbers", "list", "--limit", "1", "--json")
    token = first.json["next_page_token"]
    assert (await desk.run("numbers", "list", "--limit", "1")).err.strip() == f"1 of 2; the next: --page-token {token}"
    second = await desk.run("numbers", "list", "--page-token", token, "--json")
    assert [number["phone_number"] for number in second.json["phone_numbers"]] == [BOB]
