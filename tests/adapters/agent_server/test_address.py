"""The address of one call, and what of it may be shown."""

import pytest

from adapters.agent_server.address import BadAgentAddressError, address_of_call, shown


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ("wss://agent.example/llm", "wss://agent.example/llm/c.1"),
        ("wss://agent.example/llm/", "wss://agent.example/llm/c.1"),
        ("https://agent.example", "wss://agent.example/c.1"),
        ("http://127.0.0.1:8080/a/b//", "ws://127.0.0.1:8080/a/b/c.1"),
        ("wss://agent.example/llm?key=secret", "wss://agent.example/llm/c.1?key=secret"),
        ("HTTPS://agent.example/llm#top", "wss://agent.example/llm/c.1"),
    ],
)
def test_address(configured: str, expected: str) -> None:
    """One slash before the call id whatever the configured address ends with; a query stays."""
    assert address_of_call(configured, "c.1") == expected


@pytest.mark.parametrize("configured", ["ftp://agent.example", "agent.example/llm", "", "wss://"])
def test_no_address(configured: str) -> None:
    """Anything that is no websocket address is refused."""
    with pytest.raises(BadAgentAddressError):
        address_of_call(configured, "c1")


def test_secrets_are_not_shown() -> None:
    """Logs get the host alone."""
    assert shown("wss://user:pw@agent.example/llm/key123?token=abc") == "wss://agent.example/…"
