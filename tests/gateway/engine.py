"""A real Temporal for tests: the small test server, which is up in a moment."""

import shutil
import sys
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment


async def start_engine() -> WorkflowEnvironment:
    """Start one; it is an async context manager that stops it."""
    beside = Path(sys.executable).with_name("temporal-test-server")
    server = str(beside) if beside.exists() else shutil.which("temporal-test-server")
    assert server, "temporal-test-server is missing: install requirements-dev.lock"
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=server, data_converter=pydantic_data_converter
    )
