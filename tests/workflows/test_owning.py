"""Who owns a call, by the fake in memory and by a Temporal server alike."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client

from calls.ports.owners import CallOwners, OwnersUnavailableError
from runtime.embedded.engines import temporal
from runtime.embedded.part import Part
from runtime.embedded.ports import choose
from tests.fakes.owners import FakeCallOwners
from workflows.names import workflow_id
from workflows.owning import TemporalCallOwners


@workflow.defn
class Endless:
    """Stands for a call's story. No worker tells it, so it only ends when it is ended."""

    @workflow.run
    async def run(self) -> None:
        await asyncio.sleep(0)


@pytest.fixture(scope="module")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Part, Client]]:
    """A development server, which can list what it runs."""
    folder: Path = tmp_path_factory.mktemp("temporal")
    chosen = choose(["temporal", "ui"], {})
    part = Part(temporal(chosen["temporal"], chosen["ui"], folder / "data", {}), folder)
    await part.start()
    yield part, await Client.connect(f"127.0.0.1:{chosen['temporal']}")
    await part.kill()


async def begin(client: Client, *call_ids: str) -> None:
    for call_id in call_ids:
        await client.start_workflow(Endless.run, id=workflow_id(call_id), task_queue="nobody")


@pytest.fixture(params=["fake", "real"])
async def owners(request: pytest.FixtureRequest, engine: tuple[Part, Client]) -> CallOwners:
    """Two calls are owned, one's story was terminated."""
    if request.param == "fake":
        return FakeCallOwners(running={"runs", "runs-too"}, ended={"was-terminated": "terminated"})
    client = engine[1]
    await begin(client, "runs", "runs-too", "was-terminated")
    await client.get_workflow_handle(workflow_id("was-terminated")).terminate()
    return TemporalCallOwners(client)


async def test_who_has_no_owner(owners: CallOwners) -> None:
    """A story that was ended and one that never was are told apart; a running one is not named."""
    asked = ["runs", "was-terminated", "never-was", "runs-too"]
    assert await owners.unowned(asked) == {"was-terminated": "terminated", "never-was": "lost"}
    assert await owners.unowned(["runs"]) == {}
    assert await owners.unowned([]) == {}


@pytest.mark.parametrize("which", ["fake", pytest.param("real", marks=pytest.mark.slow)])
async def test_an_owner_nobody_can_name_is_no_missing_one(which: str, engine: tuple[Part, Client]) -> None:
    """An engine that does not answer raises, whatever it would have said."""
    part, client = engine
    owners: CallOwners = FakeCallOwners(is_away=True) if which == "fake" else TemporalCallOwners(client)
    if which == "real":
        await part.kill()
    with pytest.raises(OwnersUnavailableError):
        await asyncio.wait_for(owners.unowned(["one", "another"]), 30)
