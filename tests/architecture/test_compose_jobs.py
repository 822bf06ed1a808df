"""The jobs of docker-compose.yml that can be run without a container, run against the real engine."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from runtime.embedded import engines, ports
from runtime.embedded.part_group import PartGroup
from tests.architecture.test_compose import SERVICES
from workflows.names import SEARCH_ATTRIBUTES

NAMESPACE = "another"


@pytest.fixture(name="address")
async def a_temporal_server(tmp_path: Path) -> AsyncIterator[str]:
    port = ports.choose(["temporal", "ui"], {})
    group = PartGroup(tmp_path)
    await group.start([engines.temporal(port["temporal"], port["ui"], tmp_path, dict(os.environ))])
    yield f"127.0.0.1:{port['temporal']}"
    await group.stop()


async def test_the_namespace_job_can_run_again(address: str) -> None:
    """It makes the namespace with every search attribute, and a second run finds its work done."""
    job = SERVICES["temporal-namespace"]
    # What compose does to a doubled dollar sign, and the path on which the job's image has the temporal command.
    command = [*job["entrypoint"], *(argument.replace("$$", "$") for argument in job["command"])]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**job["environment"], "PATH": path, "TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": NAMESPACE}
    for _ in range(2):
        run = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await run.communicate()
        assert run.returncode == 0, said.decode()
    client = await Client.connect(address, namespace=NAMESPACE)
    listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=NAMESPACE))
    assert {key.name for key in SEARCH_ATTRIBUTES} <= set(listed.custom_attributes)
