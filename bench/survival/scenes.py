"""The scenes: how many gateways there are, and what is done to them while everybody talks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from runtime.embedded.stack import EmbeddedStack

Deed = Callable[[EmbeddedStack], Awaitable[None]]

_BETWEEN_SECONDS = 8.0
"""Between two gateways: as long as an operator should wait, for the calls of the first to be settled on the other."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene; `crashes` says whether words under way may be lost."""

    title: str
    gateways: int
    deed: Deed
    crashes: bool


async def _kill_each(stack: EmbeddedStack) -> None:
    for name in ("gateway", "gateway-2"):
        await stack.parts[name].kill()
        await asyncio.sleep(_BETWEEN_SECONDS)
        await stack.parts[name].start()


async def _kill_the_only_one(stack: EmbeddedStack) -> None:
    await stack.parts["gateway"].kill()
    await stack.parts["gateway"].start()


async def _drain_each(stack: EmbeddedStack) -> None:
    for name in ("gateway", "gateway-2"):
        await stack.parts[name].restart()
        await asyncio.sleep(_BETWEEN_SECONDS)


async def _drain_the_only_one(stack: EmbeddedStack) -> None:
    await stack.parts["gateway"].restart()


SCENES: Mapping[str, Scene] = {
    "kill-two": Scene("kill -9 of each of two gateways, one after the other", 2, _kill_each, crashes=True),
    "kill-one": Scene("kill -9 of the only gateway, which is started again", 1, _kill_the_only_one, crashes=True),
    "drain-two": Scene("SIGTERM and start of each of two gateways", 2, _drain_each, crashes=False),
    "drain-one": Scene("SIGTERM and start of the only gateway", 1, _drain_the_only_one, crashes=False),
}
