"""The simulator as a process of its own."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from simulator.account import parse_resolve
from tests.simulator.rig import CALLER, SID, TOKEN

ROOT = Path(__file__).parents[2]


async def test_it_says_where_it_listens_keeps_a_ledger_and_stops_cleanly(tmp_path: Path) -> None:
    """One line on standard output when ready; SIGTERM with a live call ends it with status 0."""
    ledger = tmp_path / "ledger.jsonl"
    environment = {**os.environ, "SIMULATOR_ACCOUNT_SID": SID, "SIMULATOR_AUTH_TOKEN": TOKEN, "SIMULATOR_SPEED": "50"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", "--port", "0", "--ledger", str(ledger), "--log-level", "warning",
        "--resolve", "https://ringback.test=http://127.0.0.1:9",
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    found = re.fullmatch(r"simulator listening on (http://127\.0\.0\.1:\d+)\n", line)
    assert found
    form = {"To": "+14155550104", "From": CALLER, "Url": "https://ringback.test/voice"}
    async with aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}) as http:
        async with http.get(f"{found[1]}/healthz") as response:
            assert response.status == 200
        async with http.post(f"{found[1]}/2010-04-01/Accounts/{SID}/Calls.json", data=form) as response:
            sid = (await response.json())["sid"]
    process.send_signal(signal.SIGTERM)
    _, complaints = await process.communicate()
    assert process.returncode == 0
    assert b"never" not in complaints
    assert b"Traceback" not in complaints
    events = [json.loads(row) for row in ledger.read_text().splitlines()]
    assert (events[0]["sid"], events[0]["event"]) == (sid, "created")


@pytest.mark.parametrize("pair", ["ringback.test", "https://ringback.test=8000", "ringback.test=http://127.0.0.1:8000"])
def test_a_resolve_pair_that_is_none_is_refused(pair: str) -> None:
    """Both sides of a pair are origins."""
    with pytest.raises(ValueError, match="not a pair of origins"):
        parse_resolve([pair])
