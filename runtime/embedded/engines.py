"""The two engines that are not ours: where their programs are, how they are started, how they show they are ready."""

import asyncio
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from temporalio.client import Client
from temporalio.service import RPCError

from runtime.embedded.part import Recipe
from runtime.embedded.probes import Probe

LOOPBACK = "127.0.0.1"
REPLICA_SET = "rs0"
NAMESPACE = "default"

_PACKAGED_MONGOD = Path("db", "bin", "mongod")
_NOT_INITIATED = 94  # MongoDB's error code NotYetInitialized
_ASK_FOR_MILLISECONDS = 1000
_NOT_FOUND = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)


class EngineMissingError(Exception):
    """A program that the stack needs is not on this machine; the text says how to get it."""


def find_mongod() -> str:
    """The packaged mongod, else the one on PATH.

    Raises:
        EngineMissingError: There is none, or libraries that it needs are missing.
    """
    packaged = _packaged_mongod()
    program = str(packaged) if packaged else shutil.which("mongod")
    if program is None:
        raise EngineMissingError(
            "no mongod: the package that brings it is made for Linux on x86-64 only. Install MongoDB 6 or newer so"
            " that mongod is on PATH."
        )
    missing = missing_libraries(program)
    if missing:
        raise EngineMissingError(
            f"{program} needs {', '.join(missing)}, which this machine lacks."
            " On Debian or Ubuntu: apt install libcurl4 openssl"
        )
    return program


def find_temporal() -> str:
    """The `temporal` command of this environment, else the one on PATH.

    Raises:
        EngineMissingError: There is none.
    """
    beside = Path(sys.executable).with_name("temporal")
    program = str(beside) if beside.exists() else shutil.which("temporal")
    if program is None:
        raise EngineMissingError("no temporal command: run make demo or make up, which install it, or put it on PATH.")
    return program


def missing_libraries(program: str) -> list[str]:
    """The shared libraries that a program needs and the loader cannot find; empty where ldd is unknown."""
    ldd = shutil.which("ldd")
    if ldd is None:
        return []
    listing = subprocess.run([ldd, program], capture_output=True, text=True, check=False)  # noqa: S603  # our own find
    return _NOT_FOUND.findall(listing.stdout)


def _packaged_mongod() -> Path | None:
    package = importlib.util.find_spec("fiftyone")  # found, not imported: only its files are wanted
    for folder in (package and package.submodule_search_locations) or []:
        program = Path(folder, _PACKAGED_MONGOD)
        if program.exists():
            if not os.access(program, os.X_OK):  # wheels do not carry the run bit
                program.chmod(program.stat().st_mode | stat.S_IXUSR)
            return program
    return None


def mongod(port: int, data: Path, environment: dict[str, str]) -> Recipe:
    """A replica set as in production, of a single member, on loopback."""
    data.mkdir(parents=True, exist_ok=True)
    return Recipe(
        name="mongod",
        command=[
            *(find_mongod(), "--dbpath", str(data), "--bind_ip", LOOPBACK, "--port", str(port), "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25", "--quiet"),
        ],
        environment=environment,
        ready=_is_primary(port),
        ready_within_seconds=60,
        stop_within_seconds=20,
    )


def _is_primary(port: int) -> Probe:
    def ask() -> bool:
        client: MongoClient[dict[str, Any]]
        with MongoClient(
            LOOPBACK, port, directConnection=True, serverSelectionTimeoutMS=_ASK_FOR_MILLISECONDS
        ) as client:
            _ensure_replica_set(client, f"{LOOPBACK}:{port}")
            return bool(client.admin.command("hello").get("isWritablePrimary"))

    async def probe(_log: str) -> bool:
        try:
            return await asyncio.to_thread(ask)
        except PyMongoError:  # not listening yet, or between two states
            return False

    return probe


def _ensure_replica_set(client: MongoClient[dict[str, Any]], address: str) -> None:
    """Begin the replica set, or tell it its address when the port is another one than last time."""
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as failure:
        if failure.code != _NOT_INITIATED:
            raise
        members = [{"_id": 0, "host": address}]
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)


def temporal(port: int, ui_port: int, data: Path, environment: dict[str, str], *, niceness: int = 0) -> Recipe:
    """A development server with its Web UI; its SQLite file keeps every call over a restart.

    The pragmas more than double its throughput, and the poll rates keep a busy shard from holding every signal for up
    to 50 ms (the server's default is 20 polls a second).
    """
    data.mkdir(parents=True, exist_ok=True)
    settings = {
        "history.transferProcessorMaxPollRPS": "200",
        "history.timerProcessorMaxPollRPS": "200",
        "matching.enableFairness": "true",
    }
    return Recipe(
        name="temporal",
        command=[
            *(find_temporal(), "server", "start-dev", "--ip", LOOPBACK, "--port", str(port), "--ui-port", str(ui_port)),
            *("--db-filename", str(data / "temporal.db"), "--ui-disable-news-fetch", "--log-level", "warn"),
            *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
            *(part for name, value in settings.items() for part in ("--dynamic-config-value", f"{name}={value}")),
        ],
        environment=environment,
        ready=_serves_namespace(port),
        ready_within_seconds=60,
        niceness=niceness,
    )


def _serves_namespace(port: int) -> Probe:
    async def probe(_log: str) -> bool:
        try:
            client = await Client.connect(f"{LOOPBACK}:{port}", namespace=NAMESPACE)
            await client.count_workflows()
        except (RPCError, RuntimeError):  # the SDK says RuntimeError when nobody listens
            return False
        return True

    return probe
