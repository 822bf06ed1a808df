"""The gateway as a program of its own: how it starts, and with which exit code it ends."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from runtime.embedded.ports import choose
from runtime.embedded.stack import EmbeddedStack
from tests.starter.conftest import ended, started


def at(stack: EmbeddedStack, port: int) -> dict[str, str]:
    """The settings of one more gateway of a stack."""
    return {**stack.environment, "RINGBACK_GATEWAY_HOST": "127.0.0.1", "RINGBACK_GATEWAY_PORT": str(port)}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_gateway_that_is_told_to_stop_ends_with_nought(stack: EmbeddedStack, how: signal.Signals) -> None:
    """It listens where the settings say, and ends as one that did what it was told."""
    port = choose(["gateway"], {})["gateway"]
    gateway = await started(environment=at(stack, port), program="serve.py")
    async with asyncio.timeout(30), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        while True:
            try:
                ready = await http.get("/readyz")
            except httpx.ConnectError:
                assert gateway.returncode is None
                await asyncio.sleep(0.1)
                continue
            break
    assert ready.json()["status"] == "ok"
    gateway.send_signal(how)
    stopped = await ended(gateway)
    assert stopped.code == 0, stopped.err
    assert "Traceback" not in stopped.err


async def test_an_address_that_is_taken_is_named(stack: EmbeddedStack) -> None:
    """Exit code 1, with the settings to change."""
    taken = httpx.URL(stack.addresses.gateway_url).port
    assert taken is not None
    gateway = await ended(await started(environment=at(stack, taken), program="serve.py"))
    assert gateway.code == 1
    assert f"the gateway cannot start: it cannot listen at 127.0.0.1:{taken}: set RINGBACK_GATEWAY_HOST" in gateway.err
    assert "Traceback" not in gateway.err


async def test_wrong_settings_are_all_listed(tmp_path: Path) -> None:
    """With settings missing it ends with 2 after listing them all."""
    gateway = await ended(await started(environment={"RINGBACK_ENV_FILE": ""}, program="serve.py", cwd=tmp_path))
    assert (gateway.code, gateway.out) == (2, "")
    for name in ("RINGBACK_MONGODB_URI", "RINGBACK_PUBLIC_BASE_URL", "RINGBACK_ACCESS_TOKEN_SECRET"):
        assert name in gateway.err
