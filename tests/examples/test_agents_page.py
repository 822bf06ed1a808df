"""The page about agent servers holds a program that works."""

import asyncio
import json
import re
import sys
from pathlib import Path

from websockets.asyncio.client import connect

PAGE = Path(__file__).resolve().parents[2] / "docs" / "agents.md"


async def test_the_smallest_server_of_the_page_runs(tmp_path: Path) -> None:
    """Copied from the page into a file of its own it greets, answers and ends the call."""
    programs = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(programs) == 1
    program = tmp_path / "agent.py"
    program.write_text(programs[0])
    process = await asyncio.create_subprocess_exec(sys.executable, program, "0", stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        address = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().removeprefix("listening on ").strip()
        async with asyncio.timeout(10), connect(f"{address}/c1", proxy=None) as socket:
            assert json.loads(await socket.recv())["response_type"] == "config"
            call = {"retell_llm_dynamic_variables": {"customer_name": "Alice"}}
            await socket.send(json.dumps({"interaction_type": "call_details", "call": call}))
            first = json.loads(await socket.recv())
            assert first["content"].startswith("Hello Alice")
            transcript = [{"role": "agent", "content": first["content"]}, {"role": "user", "content": "No."}]
            asked = {"interaction_type": "response_required", "response_id": 1, "transcript": transcript}
            await socket.send(json.dumps(asked))
            last = json.loads(await socket.recv())
            assert (last["response_id"], last["end_call"]) == (1, True)
    finally:
        process.terminate()
        await process.wait()
