"""The rooms of the house: which there are, and that they are ours."""

import ast
import configparser
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NO_ROOMS = {"docs", "tests", "scripts"}
VENDORS = {"twilio", "motor", "pymongo", "bson", "gridfs", "fastapi", "starlette"}


def rooms() -> set[str]:
    """Every folder at the top that holds Python and is not documentation or a test."""
    return {
        folder.name
        for folder in ROOT.iterdir()
        if folder.is_dir()
        and not folder.name.startswith(".")
        and folder.name not in NO_ROOMS
        and any(folder.rglob("*.py"))
    }


def contracts() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    return config


def words(text: str) -> set[str]:
    return set(text.split())


def test_the_contracts_watch_every_room() -> None:
    """A new folder is a room that the contracts know, or the check is blind to it."""
    assert words(contracts()["importlinter"]["root_packages"]) == rooms()


def test_the_layers_hold_every_room_of_ours() -> None:
    """Only the strangers stand outside the layers."""
    layers = words(contracts()["importlinter:contract:layers"]["layers"]) - {"|"}
    assert layers == rooms() - {"simulator", "examples"}


def test_types_are_checked_in_every_room() -> None:
    """`make check` hands mypy every room, and the tests."""
    listed = re.search(r"^ROOMS\s*:= (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed is not None
    assert words(listed[1]) == rooms() | {"tests"}


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_is_found_here(room: str) -> None:
    """The names are general, so another package of the same name must not be the one that is imported."""
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin is not None, f"{room} has no __init__.py, and the contracts would not see it"
    assert Path(spec.origin).is_relative_to(ROOT)


@pytest.mark.parametrize("folder", sorted({path.parent for room in rooms() for path in (ROOT / room).rglob("*.py")}))
def test_every_folder_of_a_room_is_a_package(folder: Path) -> None:
    """A folder without __init__.py is not watched by the contracts."""
    assert (folder / "__init__.py").exists()


@pytest.mark.parametrize("process", ["worker", "starter"])
def test_an_entry_point_is_thin(process: str) -> None:
    """The two programs at the top cannot be roots of a contract: they name no vendor and no other process."""
    program = ROOT / f"{process}.py"
    imported = {
        module
        for node in ast.walk(ast.parse(program.read_text()))
        for module in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert not {module.partition(".")[0] for module in imported} & (VENDORS | {"adapters", "simulator", "examples"})
    others = {f"runtime.wiring.{other}" for other in ("worker", "gateway", "starter")} - {f"runtime.wiring.{process}"}
    assert not imported & others
