"""How the process ends: what is away is named, settings are found, and the exit code is always there."""

import asyncio
import time
from pathlib import Path

import pytest

from runtime.embedded.stack import EmbeddedStack
from runtime.wiring.starter import stack_file
from tests.starter.conftest import ALICE, BOB, CALLER, ended, started

NOWHERE = {"RINGBACK_MONGODB_URI": "mongodb://operator:s3cret@127.0.0.1:9/?replicaSet=rs0"}


async def test_a_dead_mongodb_is_named(tmp_path: Path) -> None:
    """Exit code 5 within a few seconds, where it was looked for, and not its password."""
    begun = time.monotonic()
    status = await ended(await started("status", "some-call", "--json", environment=NOWHERE))
    assert time.monotonic() - begun < 8  # 3 s of looking, the rest is Python starting on a busy machine
    assert (status.code, status.json["error"]["kind"]) == (5, "unreachable")
    assert "MongoDB" in status.err
    assert "127.0.0.1:9" in status.err
    assert "s3cret" not in status.err + status.out


async def test_a_dead_temporal_is_named(stack: EmbeddedStack) -> None:
    """A dial without Temporal exits with 5, says where it looked, and leaves no call behind."""
    environment = {**stack.environment, "RINGBACK_TEMPORAL_ADDRESS": "127.0.0.1:9"}
    dial = ("dial", "--from", CALLER, "--to", ALICE, "--call-id", "no-engine", "--json")
    refused = await ended(await started(*dial, environment=environment))
    assert (refused.code, refused.json["error"]["exit_code"]) == (5, 5)
    assert "Temporal does not answer at 127.0.0.1:9" in refused.err
    assert (await ended(await started("status", "no-engine", environment=stack.environment))).code == 3


async def test_a_namespace_that_is_not_there_is_named(stack: EmbeddedStack) -> None:
    """A Temporal without it is as good as none, for starter, worker and gateway: each says how to make it."""
    environment = {**stack.environment, "RINGBACK_TEMPORAL_NAMESPACE": "elsewhere"}
    dial = ("dial", "--from", CALLER, "--to", ALICE, "--call-id", "no-namespace")
    refused = await ended(await started(*dial, environment=environment))
    worker = await ended(await started(environment=environment, program="worker.py"))
    gateway = await ended(await started(environment=environment, program="serve.py"))
    assert (refused.code, worker.code, gateway.code) == (5, 1, 1)
    for said in (refused.err, worker.err, gateway.err):
        assert "has no namespace elsewhere: set RINGBACK_TEMPORAL_NAMESPACE" in said
        assert "temporal operator namespace create" in said


async def test_a_worker_without_mongodb_says_where_it_looked(stack: EmbeddedStack) -> None:
    """And neither the password nor any option, which may be a secret too."""
    uri = "mongodb://me:hush@127.0.0.1:9/?authSource=hush"
    worker = await ended(
        await started(environment={**stack.environment, "RINGBACK_MONGODB_URI": uri}, program="worker.py")
    )
    assert worker.code == 1
    assert "MongoDB does not answer at 127.0.0.1:9: start it, or set RINGBACK_MONGODB_URI" in worker.err
    assert "hush" not in worker.err


async def test_a_call_can_be_watched_without_temporal(stack: EmbeddedStack) -> None:
    """What the record knows is shown all the same, with a remark on stderr."""
    environment = {**stack.environment, "RINGBACK_TEMPORAL_ADDRESS": "127.0.0.1:9"}
    dial = ("dial", "--from", CALLER, "--to", BOB, "--call-id", "without-engine")
    assert (await ended(await started(*dial, environment=stack.environment))).code == 0
    seen = await ended(await started("watch", "without-engine", environment=environment))
    assert seen.code == 1, seen.err
    assert "without Temporal" in seen.err
    assert "line_busy" in seen.out


async def test_wrong_settings_are_all_listed(tmp_path: Path) -> None:
    """Nothing is tried with settings that are wrong: exit code 2 and every problem."""
    environment = {"RINGBACK_TEMPORAL_ADDRESS": "nonsense", "RINGBACK_MONGO_URI": "x"}
    refused = await ended(await started("list", environment=environment, cwd=tmp_path))
    assert (refused.code, refused.out) == (2, "")
    for name in ("RINGBACK_MONGODB_URI is missing", "RINGBACK_TEMPORAL_ADDRESS", "Did you mean RINGBACK_MONGODB_URI"):
        assert name in refused.err


async def test_the_stack_that_runs_here_is_found(stack: EmbeddedStack, tmp_path: Path) -> None:
    """Without settings in the environment, those of the run folder are read."""
    (tmp_path / ".run").symlink_to(stack.folder.path)
    bare = {"PYTHONPATH": "", "RINGBACK_LOG_LEVEL": "INFO"}
    found = await ended(await started("agents", "list", environment=bare, cwd=tmp_path))
    assert found.code == 0, found.err
    assert "Rita" in found.out


def test_the_environment_wins_over_a_run_folder(tmp_path: Path) -> None:
    """A database or a settings file that the environment names is never replaced by a stack's."""
    (tmp_path / "stack.env").touch()
    here = {"RUN_DIR": str(tmp_path)}
    assert stack_file(here) == tmp_path / "stack.env"
    assert stack_file({**here, "RINGBACK_MONGODB_URI": "mongodb://elsewhere"}) is None
    assert stack_file({**here, "RINGBACK_ENV_FILE": "mine.env"}) is None
    assert stack_file({"RUN_DIR": str(tmp_path / "none")}) is None


@pytest.mark.parametrize("arguments", [("--help",), ("key", "new", "--json")])
async def test_help_and_keys_need_no_settings(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever needs nothing works without anything."""
    shown = await ended(await started(*arguments, environment={}, cwd=tmp_path))
    assert shown.code == 0, shown.err
    assert shown.out


async def test_an_output_that_nobody_reads_ends_quietly(stack: EmbeddedStack) -> None:
    """`starter.py list | head -0`: no traceback, and a code of its own."""
    listing = await started("list", "--json", environment=stack.environment)
    assert listing.stdout is not None
    listing.stdout._transport.close()  # type: ignore[attr-defined]
    assert listing.stderr is not None
    async with asyncio.timeout(30):
        said = await listing.stderr.read()
        assert await listing.wait() == 141
    assert said == b""
