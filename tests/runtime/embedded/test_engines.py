"""The real engines: found, started, usable, and still the same after a restart."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from temporalio.client import Client

from runtime.embedded import engines, ports
from runtime.embedded.part_group import PartGroup
from runtime.embedded.probes import answers


def environment() -> dict[str, str]:
    return dict(os.environ)


def mongo_client(port: int) -> MongoClient[dict[str, Any]]:
    return MongoClient(f"mongodb://127.0.0.1:{port}/?replicaSet=rs0", serverSelectionTimeoutMS=10_000)


async def test_mongod_keeps_its_data_on_another_port(group: PartGroup, tmp_path: Path) -> None:
    """Transactions work at the first start; after a crash, on another port, the data is there and writable."""
    first, second = ports.choose(["first", "second"], {}).values()
    await group.start([engines.mongod(first, tmp_path / "mongod", environment())])
    with mongo_client(first) as client, client.start_session() as session, session.start_transaction():
        client.ringback.calls.insert_one({"_id": "c1"}, session=session)
    await group.parts["mongod"].kill()
    await group.start([engines.mongod(second, tmp_path / "mongod", environment())])
    with mongo_client(second) as client:
        client.ringback.calls.insert_one({"_id": "c2"})
        assert client.ringback.calls.count_documents({}) == 2


async def test_two_temporal_servers_run_side_by_side(tmp_path: Path) -> None:
    """Each has its own ports, Web UI and data, which outlive a crash."""
    names = ["one", "one-ui", "two", "two-ui"]
    port = ports.choose(names, {})
    one, two = PartGroup(tmp_path / "one"), PartGroup(tmp_path / "two")
    try:
        await asyncio.gather(
            one.start([engines.temporal(port["one"], port["one-ui"], tmp_path / "1", environment())]),
            two.start([engines.temporal(port["two"], port["two-ui"], tmp_path / "2", environment())]),
        )
        client = await Client.connect(f"127.0.0.1:{port['one']}")
        await client.start_workflow("Nobody", id="call-1", task_queue="nobody")
        assert await answers("127.0.0.1", port["one-ui"], "/")("")
        await one.parts["temporal"].kill()
        await one.parts["temporal"].start()
        client = await Client.connect(f"127.0.0.1:{port['one']}")
        assert (await client.get_workflow_handle("call-1").describe()).id == "call-1"
        other = await Client.connect(f"127.0.0.1:{port['two']}")
        assert (await other.count_workflows()).count == 0
    finally:
        await asyncio.gather(one.stop(), two.stop())


def test_missing_libraries_are_named(tmp_path: Path) -> None:
    """A program whose libraries cannot be found is not started; each is named."""
    assert engines.missing_libraries("/bin/sh") == []
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to make a program with a library that is not there")
    library, program = tmp_path / "libring.so", tmp_path / "program"
    _compile(compiler, "int ring(void) { return 0; }", "-shared", "-Wl,-soname,libring.so", "-o", str(library))
    _compile(compiler, "int ring(void); int main(void) { return ring(); }", "-o", str(program), str(library))
    library.unlink()
    assert engines.missing_libraries(str(program)) == ["libring.so"]


def _compile(compiler: str, source: str, *options: str) -> None:
    command = [compiler, "-x", "c", "-", "-x", "none", *options]
    subprocess.run(command, input=source, text=True, check=True)  # noqa: S603  # sources in this file


def test_an_absent_mongod_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where neither the package nor PATH has mongod, the message says what to install."""
    monkeypatch.delitem(sys.modules, "fiftyone", raising=False)
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(engines.EngineMissingError, match="Install MongoDB"):
        engines.find_mongod()


def test_a_mongod_without_its_run_bit_gets_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wheels do not carry the run bit, so it is set before the first start."""
    program = tmp_path / "fiftyone" / "db" / "bin" / "mongod"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    monkeypatch.delitem(sys.modules, "fiftyone", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert engines.find_mongod() == str(program)
    assert os.access(program, os.X_OK)
