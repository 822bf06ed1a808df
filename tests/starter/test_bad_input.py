"""What was typed wrong is named by its option, and costs nothing."""

import pytest

from tests.adapters.mongo.orders import new_call
from tests.starter.conftest import ALICE, CALLER, Desk

DIAL = ("dial", "--from", CALLER, "--to", ALICE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dial", "--from", "14155550100", "--to", ALICE), "--from: '14155550100' is no E.164 number"),
        (("dial", "--from", CALLER, "--to", "Alice"), "--to: 'Alice' is no E.164 number"),
        (("dial", "--from", CALLER, "--to", CALLER), "--to: must differ"),
        (("dial", "--from", CALLER), "Missing option '--to'"),
        ((*DIAL, "--call-id", "-x y"), "--call-id: '-x y' must be"),
        ((*DIAL, "--call-id", "a" * 24), "--call-id: 24 hexadecimal digits"),
        ((*DIAL, "--metadata", "[1]"), "--metadata: is not usable JSON: must be a JSON object"),
        ((*DIAL, "--metadata", '{"a": 1, "a": 2}'), "--metadata: is not usable JSON: the key 'a' occurs twice"),
        ((*DIAL, "--data", '{"a": NaN}'), "--data: is not usable JSON: NaN"),
        ((*DIAL, "--data", f'{{"a": "{"x" * 60_000}"}}'), "--data: is 6"),
        ((*DIAL, "--redial", '{"max_redials": 0}'), "--redial max_redials: input should be greater than or equal to 1"),
        ((*DIAL, "--redial", '{"reasons": ["call_failed"]}'), "--redial reasons: call_failed: calling again cannot"),
        ((*DIAL, "--redial", "3"), "--redial: is not usable JSON: must be a JSON object"),
        (("transfer", "some-call", "--to", "12"), "--to: '12' is no E.164 number"),
        (("list", "--reason", "boredom"), "'boredom' is not one of"),
        (("list", "--limit", "0"), "--limit"),
        (("list", "--page-token", "nonsense"), "not a page token"),
        (("numbers", "add", "100"), "NUMBER: '100' is no E.164 number"),
        (("numbers", "bind", CALLER), "give --agent"),
        (("agents", "add", "--name", "Otto"), "--llm-url: field required"),
        (("agents", "add", "--name", "Otto", "--llm-url", "ws://otto.test"), "--llm-url: must start with wss://"),
        (
            ("agents", "add", "--name", "O", "--llm-url", "wss://o.test", "--set", "webhook_url=http://o.test"),
            "webhook_url: must start with https://",
        ),
        (("agents", "add", "--set", "colour=red"), "colour: this field is not known"),
        (("agents", "add", "--set", "colour"), "--set: 'colour' is not FIELD=VALUE"),
        (("agents", "add", "--file", "/nowhere/agent.json"), "--file: /nowhere/agent.json cannot be read"),
        (("recording", "some-call", "-o", "-", "--json"), "both want stdout"),
    ],
)
async def test_wrong_input_is_named(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, the option and its fault on stderr, and nothing stored."""
    agent_id = await desk.with_agent()
    refused = await desk.run(*arguments)
    assert refused.code == 2
    assert said in refused.err
    assert not desk.calls.calls
    assert list(desk.agents.known_agents) == [agent_id]
    assert len(desk.agents.known_numbers) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "nobody"),
        ("watch", "nobody"),
        ("transcript", "nobody"),
        ("recording", "nobody"),
        ("end", "nobody"),
        ("cancel-redial", "nobody"),
        ("transfer", "nobody", "--to", ALICE),
        ("agents", "show", "nobody"),
        ("agents", "delete", "nobody"),
        ("numbers", "show", ALICE),
        ("numbers", "delete", ALICE),
        ("numbers", "bind", ALICE, "--agent", "none"),
        ("numbers", "add", ALICE, "--agent", "nobody"),
    ],
)
async def test_what_is_not_there_is_not_found(desk: Desk, arguments: tuple[str, ...]) -> None:
    """Exit code 3 and a sentence; as JSON on stdout too, for programs."""
    missing = await desk.run(*arguments, "--json")
    assert missing.code == 3
    assert missing.json["error"]["kind"] == "not_found"
    assert missing.json["error"]["message"] in missing.err


async def test_a_recording_that_is_not_there_yet_or_never_will_be(desk: Desk) -> None:
    """A call without a recording has none to save."""
    await desk.calls.register(new_call("silent"))
    assert (await desk.run("recording", "silent")).code == 3


async def test_a_store_that_is_away_is_no_fault_of_the_input(desk: Desk) -> None:
    """Exit code 5, whatever was asked."""
    desk.calls.is_away = True
    assert (await desk.run("status", "some-call")).code == 5
    assert (await desk.run(*DIAL)).code == 5
