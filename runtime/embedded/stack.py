"""The whole of Ringback on one machine: engines, pretend carrier, example agent, gateways and workers."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from runtime.embedded import engines, ports, recipes
from runtime.embedded.balancer import balancing
from runtime.embedded.part import Part, Recipe
from runtime.embedded.part_group import PartGroup
from runtime.embedded.run_folder import Kept, RunFolder


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What kind of stack, and where."""

    run_dir: Path = Path(".run")
    workers: int = 1
    gateways: int = 1
    balanced: bool = False
    """Whether a balancer stands also before a single gateway; it holds what comes while that restarts."""
    speed: float = 1.0
    """Story seconds per second: how fast the pretend callees ring, listen and talk."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """RINGBACK_ variables that replace the stack's own."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where everything is: the content of stack.json."""

    temporal_address: str
    temporal_namespace: str
    temporal_ui_url: str
    mongodb_uri: str
    mongodb_database: str
    gateway_url: str
    api_key: str
    simulator_url: str
    agent_llm_url: str


class EmbeddedStack:
    """Up between `async with` and its end; every part can be killed, stopped and restarted by its name."""

    def __init__(self, options: StackOptions) -> None:
        self.options = options
        self.folder = RunFolder(options.run_dir)
        self.environment: Mapping[str, str] = {}
        """The RINGBACK_ variables of this stack."""
        self._gateways = recipes.numbered("gateway", options.gateways)
        self._workers = recipes.numbered("worker", options.workers)
        self._group = PartGroup(self.folder.logs)
        self._exit = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything.

        Raises:
            FolderInUseError: Another stack runs in the folder.
            EngineMissingError: mongod or the temporal command is not on this machine.
            PartFailedError: A part did not come up; what had come up is down again.
        """
        async with contextlib.AsyncExitStack() as exit_stack:
            exit_stack.enter_context(self.folder.held())
            kept = self._choose()
            exit_stack.push_async_callback(self._group.stop)
            exit_stack.callback(self.folder.withdraw)  # says "down" before anything is
            first, second = self._recipes(kept)
            await self._group.start(first)
            if self._is_balanced:
                targets = [kept.ports[name] for name in self._gateways]
                await exit_stack.enter_async_context(balancing(kept.ports["balancer"], targets))
            await self._group.start(second)
            self.folder.publish(asdict(self.addresses), self.environment)
            self._exit = exit_stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything, the last started first."""
        await self._exit.aclose()

    @property
    def parts(self) -> Mapping[str, Part]:
        """By name: `mongod`, `temporal`, `simulator`, `agent`, `gateway`, `gateway-2` …, `worker`, `worker-2` …."""
        return self._group.parts

    @property
    def addresses(self) -> Addresses:
        """Where everything is; known once the stack is entered."""
        kept, given = self._kept, self.environment
        return Addresses(
            temporal_address=given["RINGBACK_TEMPORAL_ADDRESS"],
            temporal_namespace=given["RINGBACK_TEMPORAL_NAMESPACE"],
            temporal_ui_url=given["RINGBACK_TEMPORAL_UI_URL"],
            mongodb_uri=given["RINGBACK_MONGODB_URI"],
            mongodb_database=given["RINGBACK_MONGODB_DATABASE"],
            gateway_url=f"http://{engines.LOOPBACK}:{self._front_port(kept)}",
            api_key=kept.api_key,
            simulator_url=given["RINGBACK_TWILIO_API_ORIGIN"],
            agent_llm_url=f"ws://{engines.LOOPBACK}:{kept.ports['agent']}/llm",
        )

    async def supervise(self, *, restarts: int, say: Callable[[str], None]) -> None:
        """Restart gateways and workers that die, up to `restarts` times together; never returns by itself.

        Raises:
            PartFailedError: Another part died, one did not come up again, or they died too often.
        """
        await self._group.supervise({*self._gateways, *self._workers}, restarts=restarts, say=say)

    def _choose(self) -> Kept:
        names = ["mongod", "temporal", "temporal-ui", "simulator", "agent", "balancer", *self._gateways]
        kept = self.folder.recall()
        self._kept = replace(kept, ports={**kept.ports, **ports.choose(names, kept.ports)})
        self.folder.keep(self._kept)
        front = {"RINGBACK_GATEWAY_PORT": str(self._front_port(self._kept))}  # what a record's addresses name
        self.environment = recipes.environment(self._kept, {**front, **self.options.settings})
        return self._kept

    def _front_port(self, kept: Kept) -> int:
        return kept.ports["balancer" if self._is_balanced else "gateway"]

    @property
    def _is_balanced(self) -> bool:
        return len(self._gateways) > 1 or self.options.balanced

    def _recipes(self, kept: Kept) -> tuple[Sequence[Recipe], Sequence[Recipe]]:
        """What stands alone, and what needs that to be up."""
        bare = recipes.inherited()
        ours = {**bare, **self.environment}
        path, port = self.folder.path, kept.ports
        return (
            [
                engines.mongod(port["mongod"], path / "mongod", bare),
                engines.temporal(
                    port["temporal"], port["temporal-ui"], path / "temporal", bare, niceness=recipes.BEHIND_THE_TALK
                ),
                recipes.simulator(
                    kept,
                    gateway_port=self._front_port(kept),
                    speed=self.options.speed,
                    ledger=path / "ledger.jsonl",
                    variables=bare,
                ),
                recipes.agent(port["agent"], bare),
            ],
            [
                *(recipes.gateway(name, port[name], ours) for name in self._gateways),
                *(recipes.worker(name, ours) for name in self._workers),
            ],
        )
