"""`OPENAI_API_KEY=… python -m examples.openai_agent --model NAME`.

Any endpoint with OpenAI's chat completions will do: `--base-url http://127.0.0.1:11434/v1` is a model of one's own.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp

from examples.openai_agent.completions import Completions
from examples.openai_agent.prompting import DEFAULT_PROMPT, Brief
from examples.openai_agent.server import start


async def _serve(asked: argparse.Namespace, key: str | None) -> None:
    prompt = asked.prompt_file.read_text() if asked.prompt_file else DEFAULT_PROMPT
    brief = Brief(prompt, asked.greeting, asked.transfer_number)
    async with aiohttp.ClientSession() as http:
        server = await start(asked.host, asked.port, Completions(http, asked.base_url, asked.model, key), brief)
        host, port = server.sockets[0].getsockname()[:2]
        print(f"agent server listening on ws://{host}:{port}/llm", flush=True)
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()
        server.close()
        await server.wait_closed()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="openai_agent", description=__doc__)
    parser.add_argument("--host", default=os.environ.get("AGENT_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("AGENT_PORT", "8092")))
    parser.add_argument("--base-url", default=os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1"))
    parser.add_argument("--model", default=os.environ.get("OPENAI_MODEL"), help="the model's name at that endpoint")
    parser.add_argument("--prompt-file", type=Path, help="what the agent is told, in place of the example's")
    parser.add_argument("--greeting", help="fixed first words, which need no waiting for the model")
    parser.add_argument(
        "--transfer-number",
        default=os.environ.get("AGENT_TRANSFER_NUMBER"),
        help="where a callee who wants a human is put through to; without it the model has no such tool",
    )
    asked = parser.parse_args()
    if not asked.model:
        parser.error("--model (or OPENAI_MODEL) is missing")
    if not asked.base_url.startswith(("http://", "https://")):
        parser.error("--base-url starts with http:// or https://")
    if asked.prompt_file and not asked.prompt_file.is_file():
        parser.error(f"--prompt-file: there is no {asked.prompt_file}")
    return asked


if __name__ == "__main__":
    arguments = _parse()
    secret = os.environ.get("OPENAI_API_KEY") or None
    if secret is None and arguments.base_url.startswith("https://"):
        sys.stderr.write("OPENAI_API_KEY is not set; going on without a key\n")
    asyncio.run(_serve(arguments, secret))
