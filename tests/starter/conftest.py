"""The command line over a whole stack, as a child process; and over fakes, in this one."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client
from typer.testing import CliRunner

from adapters.numbering.plan import NumberingPlan
from calls.access_tokens import AccessTokens
from calls.agents import AgentSettings, NumberSettings
from calls.call_object import Rendering
from calls.screening import Screening
from runtime.command_line.app import command_line
from runtime.command_line.parts import Parts
from runtime.command_line.session import Session
from runtime.embedded.part import REPOSITORY
from runtime.embedded.recipes import inherited
from runtime.embedded.stack import EmbeddedStack, StackOptions
from runtime.wiring.engine import EngineUnreachableError
from tests.fakes.agent_store import FakeAgentStore
from tests.fakes.archive import FakeRecordingArchive
from tests.fakes.call_store import FakeCallStore
from tests.fakes.delivery_store import FakeDeliveryStore
from tests.fakes.do_not_call_list import FakeDoNotCallList

CALLER, ALICE, BOB, FRANK, JUDY = (f"+14155550{last}" for last in ("100", "101", "102", "106", "110"))


@dataclass(frozen=True)
class Ended:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value that stdout must be."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """A JSON value on each line."""
        return [json.loads(line) for line in self.out.splitlines()]


Starter = Callable[..., Awaitable[Ended]]


async def started(
    *arguments: str, environment: Mapping[str, str], cwd: Any = REPOSITORY, program: str = "starter.py"
) -> asyncio.subprocess.Process:
    """`python starter.py …`, or another program of ours, running."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, str(REPOSITORY / program), *arguments),
        cwd=cwd,
        env={**inherited(), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process) -> Ended:
    """What a started command leaves; a minute is more than any needs."""
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """A whole stack with an agent bound to the caller's number."""
    many_calls_to_one = {"RINGBACK_ONE_CALL_PER_CALLEE": "false"}  # Frank is called again while his last call lives on
    options = StackOptions(run_dir=tmp_path_factory.mktemp("starter"), speed=8.0, settings=many_calls_to_one)
    async with EmbeddedStack(options) as running:
        agent = await ended(
            await started(
                *("agents", "add", "--name", "Rita", "--llm-url", running.addresses.agent_llm_url, "--json"),
                environment=running.environment,
            )
        )
        bound = ("numbers", "add", CALLER, "--agent", agent.json["ai_agent_id"])
        assert (await ended(await started(*bound, environment=running.environment))).code == 0
        yield running


@pytest.fixture(scope="session")
def starter(stack: EmbeddedStack) -> Starter:
    """Runs `python starter.py …` against the stack, to its end."""

    async def run(*arguments: str) -> Ended:
        return await ended(await started(*arguments, environment=stack.environment))

    return run


@dataclass
class Desk:
    """The command line over fakes; Temporal is away."""

    calls: FakeCallStore = field(default_factory=FakeCallStore)
    agents: FakeAgentStore = field(default_factory=FakeAgentStore)
    archive: FakeRecordingArchive = field(default_factory=FakeRecordingArchive)
    deliveries: FakeDeliveryStore = field(default_factory=FakeDeliveryStore)
    do_not_call: FakeDoNotCallList = field(default_factory=FakeDoNotCallList)
    allow_insecure_agent_urls: bool = False

    async def run(self, *arguments: str, stdin: str | None = None) -> Ended:
        """One command, in a thread of its own because it brings its own event loop."""
        line = command_line()
        result = await asyncio.to_thread(
            CliRunner().invoke, line, list(arguments), input=stdin, obj=Session(self._opened), prog_name="starter.py"
        )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    async def with_agent(self) -> str:
        """An agent bound to the caller's number."""
        agent = await self.agents.add_agent(AgentSettings(ai_agent_name="Rita", llm_websocket_url="wss://rita.test"))
        await self.agents.add_number(NumberSettings(phone_number=CALLER, outbound_ai_agent_id=agent.ai_agent_id))
        return agent.ai_agent_id

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Parts]:
        async def no_engine() -> Client:
            raise EngineUnreachableError("Temporal does not answer")

        async def no_indexes() -> None:
            return

        yield Parts(
            calls=self.calls,
            agents=self.agents,
            archive=self.archive,
            deliveries=self.deliveries,
            do_not_call=self.do_not_call,
            engine=no_engine,
            make_indexes=no_indexes,
            rendering=Rendering("https://calls.test", AccessTokens("s" * 32, lifetime=timedelta(hours=1))),
            gives_access_tokens=True,
            web_ui_of_namespace="http://ui.test/namespaces/default",
            allow_insecure_agent_urls=self.allow_insecure_agent_urls,
            screening=Screening(NumberingPlan(), self.do_not_call),
        )


@pytest.fixture
def desk() -> Desk:
    """The command line over empty fakes."""
    return Desk()
