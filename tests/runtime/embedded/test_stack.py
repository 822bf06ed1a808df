"""The whole stack as its users meet it: `make up` and `make demo`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.embedded import recipes
from runtime.embedded.part import REPOSITORY
from tests.runtime.embedded.standins import is_alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@contextmanager
def running(what: str, run_dir: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The stack as a child of this test, and its output."""
    command = [sys.executable, "-m", "runtime.embedded", what, "--run-dir", str(run_dir), *options]
    with subprocess.Popen(  # noqa: S603  # the program under test
        command, cwd=REPOSITORY, env=recipes.inherited(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as stack:
        try:
            yield stack
        finally:
            stack.kill()


def wait_until(true: Callable[[], bool], *, seconds: float, stack: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if stack.poll() is not None or time.monotonic() > deadline:
            stack.kill()
            pytest.fail(f"it did not happen; the stack said: {stack.communicate()[0]}")
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def child_that_runs(pid: int, program: str) -> int:
    """The child whose command line names a program; 0 when there is none."""
    found = [child for child in children(pid) if program in Path(f"/proc/{child}/cmdline").read_text()]
    return found[0] if found else 0


def said_by(stack: subprocess.Popen[str]) -> str:
    output, _ = stack.communicate(timeout=60)
    return output


def test_a_stack_is_up_until_it_is_stopped_or_killed(tmp_path: Path) -> None:
    """Kill -9 of the supervisor takes every part with it; the next start keeps keys and addresses, and ends cleanly."""
    run_dir = tmp_path / "a folder"
    published = run_dir / "stack.json"
    with running("up", run_dir, "--gateways", "2", "--workers", "2") as stack:
        wait_until(published.exists, seconds=90, stack=stack)
        before = json.loads(published.read_text())
        parts = children(stack.pid)
        assert len(parts) == 8
        stack.kill()
        stack.wait()
        _assert_gone(parts)
    left_behind = published.stat().st_mtime_ns
    with running("up", run_dir) as stack:
        wait_until(lambda: _written_at(published) > left_behind, seconds=90, stack=stack)
        _assert_known_again(json.loads(published.read_text()), before)
        _assert_second_is_refused(run_dir, stack.pid)
        worker = child_that_runs(stack.pid, "worker.py")
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: child_that_runs(stack.pid, "worker.py") not in {0, worker}, seconds=30, stack=stack)
        parts = children(stack.pid)
        stack.terminate()
        output = said_by(stack)
    assert stack.returncode == 0, output
    assert "worker died (killed by SIGKILL)" in output
    assert output.endswith("Everything is down.\n")
    assert not published.exists()
    _assert_gone(parts)


def _written_at(path: Path) -> int:
    """When a file was written, which another process may take away at any moment; 0 while it is not there."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _assert_gone(parts: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(is_alive(pid) for pid in parts) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in parts if is_alive(pid)]


def _assert_known_again(after: dict[str, str], before: dict[str, str]) -> None:
    assert set(after) == {
        *("temporal_address", "temporal_namespace", "temporal_ui_url", "mongodb_uri", "mongodb_database"),
        *("gateway_url", "api_key", "simulator_url", "agent_llm_url"),
    }
    kept = ("api_key", "mongodb_uri", "temporal_address", "agent_llm_url")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def _assert_second_is_refused(run_dir: Path, holder: int) -> None:
    with running("up", run_dir) as second:
        assert f"already running in {run_dir} (process {holder})" in said_by(second)
    assert second.returncode == 2


def test_the_demo_call_leaves_everything(tmp_path: Path) -> None:
    """One command places a call and proves its record, its recording and its page in the Web UI."""
    with running("demo", tmp_path, "--speed", "12") as demo:
        output, _ = demo.communicate(timeout=180)
    assert demo.returncode == 0, output
    record = _record_in(output)
    assert record["call_finish_reason"]
    assert len(record["messages"]) >= 4
    assert re.search(rf"Web UI +http://127\.0\.0\.1:\d+/namespaces/default/workflows/call-{record['call_id']}", output)
    assert (tmp_path / "demo" / f"{record['call_id']}.wav").stat().st_size > 1000


def _record_in(output: str) -> dict[str, Any]:
    found = re.search(r"^\{$.*?^\}$", output, re.MULTILINE | re.DOTALL)
    assert found is not None, output
    record: dict[str, Any] = json.loads(found[0])
    return record
