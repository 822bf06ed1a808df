"""Parts that are down again after each test, whatever happened in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.embedded.part_group import PartGroup


@pytest.fixture(name="group")
async def a_group(tmp_path: Path) -> AsyncIterator[PartGroup]:
    group = PartGroup(tmp_path / "logs")
    yield group
    for part in group.parts.values():
        await part.kill()
