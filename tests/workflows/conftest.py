"""The time-skipping server, one for all workflow stories."""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from workflows.names import SEARCH_ATTRIBUTES


@asynccontextmanager
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A server whose clock skips ahead while a result is awaited."""
    beside = Path(sys.executable).with_name("temporal-test-server")
    server = str(beside) if beside.exists() else shutil.which("temporal-test-server")
    assert server, "temporal-test-server is missing: install requirements-dev.lock"
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=server, data_converter=pydantic_data_converter
    ) as environment:
        keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=environment.client.namespace,
                search_attributes={key.name: keyword for key in SEARCH_ATTRIBUTES},
            )
        )
        yield environment


@pytest.fixture(scope="session")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """One server for all stories that leave its clock running."""
    async with time_skipping() as of_all:
        yield of_all
