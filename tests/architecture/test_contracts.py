"""Every import contract holds, and breaks when it is violated."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.test_rooms import ROOT, contracts, rooms

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

# Contract, room in which a file is planted or file that is added to, what it imports.
VIOLATIONS = [
    ("layers", "calls", "conversation"),
    ("layers", "conversation", "activities"),
    ("layers", "conversation", "adapters"),
    ("layers", "activities", "adapters"),
    ("layers", "adapters", "activities"),
    ("layers", "activities", "workflows"),
    ("layers", "adapters", "workflows"),
    ("layers", "workflows", "gateway"),
    ("layers", "gateway", "runtime"),
    ("layers", "runtime", "bench"),
    ("calls", "calls", "phonenumbers"),
    ("calls", "calls", "temporalio"),
    ("conversation", "conversation", "websockets"),
    ("sans-io", "calls", "time"),
    ("sans-io", "conversation", "asyncio"),
    ("adapters", "workflows", "adapters.mongo.call_store"),
    ("adapters", "gateway", "adapters.mongo.call_store"),
    ("adapters", "bench", "adapters"),
    ("processes", "runtime/wiring/worker.py", "runtime.wiring.gateway"),
    ("processes", "runtime/wiring/starter.py", "runtime.wiring.worker"),
    ("worker-libraries", "runtime/wiring/worker.py", "gateway.app"),
    ("starter-libraries", "runtime/wiring/starter.py", "adapters.twilio.carrier"),
    ("gateway-libraries", "runtime/wiring/gateway.py", "runtime.command_line.app"),
    ("stranger", "simulator", "calls"),
    ("customer", "examples", "conversation"),
    ("outsiders", "gateway", "simulator"),
    ("outsiders", "runtime", "examples.appointment_reminder"),
    ("carrier-vendor", "activities", "twilio.rest"),
    ("carrier-vendor", "adapters/mongo", "twilio"),
    ("carrier-vendor", "simulator", "twilio.request_validator"),
    ("storage-vendor", "gateway", "bson"),
    ("storage-vendor", "adapters/twilio", "motor.motor_asyncio"),
    ("storage-vendor", "runtime/wiring", "pymongo"),
    ("engine", "adapters/mongo", "temporalio.client"),
    ("engine", "simulator", "temporalio"),
    ("web-framework", "workflows", "starlette"),
    ("web-framework", "adapters", "fastapi"),
    ("web-framework", "runtime/embedded", "fastapi"),
]


@pytest.fixture(name="house", scope="module")
def a_copy_of_the_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contracts and every file that they look at, where something may be broken."""
    house = tmp_path_factory.mktemp("house")
    for room in (*rooms(), "tests/architecture"):
        shutil.copytree(ROOT / room, house / room, ignore=lambda _, names: {n for n in names if n == "__pycache__"})
    shutil.copy(ROOT / ".importlinter", house)
    return house


def lint(house: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # the linter of this environment
        [LINT_IMPORTS, *options], cwd=house, capture_output=True, text=True, check=False
    )


def identifiers() -> set[str]:
    prefix = "importlinter:contract:"
    return {section.removeprefix(prefix) for section in contracts().sections() if section.startswith(prefix)}


def test_every_contract_is_seen_to_break() -> None:
    """A contract without a planted violation is not known to watch anything."""
    assert {contract for contract, _, _ in VIOLATIONS} == identifiers()


def test_all_contracts_hold(house: Path) -> None:
    """Nothing in the house breaks its rules, and the linter finds all of its modules."""
    result = lint(house)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(rf"Contracts: {len(identifiers())} kept, 0 broken", result.stdout)


@pytest.mark.parametrize(("contract", "room", "imported"), VIOLATIONS)
def test_a_planted_violation_breaks_its_contract(house: Path, contract: str, room: str, imported: str) -> None:
    """One forbidden import turns exactly that contract from kept to broken."""
    place = house / room
    planted = place if place.is_file() else place / "planted.py"
    before = planted.read_text() if place.is_file() else None
    planted.write_text(f"{before or ''}\nimport {imported}\n")
    try:
        result = lint(house, "--contract", contract)
    finally:
        planted.unlink() if before is None else planted.write_text(before)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contracts()[f'importlinter:contract:{contract}']['name']} BROKEN" in result.stdout
    planter = ".".join(planted.relative_to(house).with_suffix("").parts)
    assert planter in result.stdout
