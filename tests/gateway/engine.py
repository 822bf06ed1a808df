"""A real Temporal for tests: the small test server, which is up in a moment, or the server itself."""

import shutil
import sys
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from workflows.names import SEARCH_ATTRIBUTES


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    program = str(beside) if beside.exists() else shutil.which(name)
    assert program, f"{name} is missing: install requirements-dev.lock"
    return program


async def start_engine() -> WorkflowEnvironment:
    """Start the test server; it is an async context manager that stops it."""
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=_program("temporal-test-server"), data_converter=pydantic_data_converter
    )


async def start_full_engine() -> WorkflowEnvironment:
    """Start the server itself, in memory, where the test server is not faithful; the same way to stop it."""
    return await WorkflowEnvironment.start_local(
        dev_server_existing_path=_program("temporal"),
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
    )
