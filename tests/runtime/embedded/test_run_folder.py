"""The folder of a stack: held once, readable by its owner alone, the same at the next start."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from runtime.embedded import recipes
from runtime.embedded.run_folder import FolderInUseError, Kept, RunFolder
from runtime.settings import load_settings

PORTS = {"mongod": 1, "temporal": 2, "temporal-ui": 3, "simulator": 4, "agent": 5, "gateway": 6}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_stack_is_refused(tmp_path: Path) -> None:
    """Whoever comes second is told which process holds the folder."""
    with (
        RunFolder(tmp_path).held(),
        pytest.raises(FolderInUseError, match=rf"{tmp_path} \(process {os.getpid()}\)"),
        RunFolder(tmp_path).held(),
    ):
        pytest.fail("held twice")
    with RunFolder(tmp_path).held():
        pass


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    """Keys lie in files of mode 0600 in a folder of mode 0700."""
    folder = RunFolder(tmp_path / "run")
    with folder.held():
        folder.keep(Kept(ports=PORTS))
        folder.publish({"gateway_url": "http://x"}, {"RINGBACK_A": "1"})
        assert mode(folder.path) == 0o700
        assert {mode(folder.stack_json), mode(folder.stack_env), mode(folder.path / "kept.json")} == {0o600}
        assert json.loads(folder.stack_json.read_text()) == {"gateway_url": "http://x"}
    assert not folder.stack_json.exists()
    assert not folder.stack_env.exists()


def test_what_a_killed_stack_left_is_withdrawn(tmp_path: Path) -> None:
    """Addresses of a stack that is no more do not mislead the next one's users."""
    (tmp_path / "stack.json").write_text("{}")
    with RunFolder(tmp_path).held():
        assert not (tmp_path / "stack.json").exists()


def test_keys_and_ports_are_kept(tmp_path: Path) -> None:
    """The next start knows the same API key, account and ports."""
    folder = RunFolder(tmp_path)
    with folder.held():
        first = folder.recall()
        folder.keep(first)
        assert folder.recall() == first
        assert first != Kept()


def test_the_published_environment_is_what_every_role_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """stack.env is enough to join: as a file that settings read, and as exports that a shell reads."""
    for name in [name for name in os.environ if name.startswith("RINGBACK_")]:
        monkeypatch.delenv(name)
    folder = RunFolder(tmp_path / "a folder")
    kept = Kept(ports=PORTS)
    with folder.held():
        folder.publish({}, recipes.environment(kept, {"RINGBACK_POLICY__SILENCE_SECONDS": "2"}))
        gateway = load_settings("gateway", folder.stack_env)
        load_settings("worker", folder.stack_env)
        starter = load_settings("starter", folder.stack_env)
        shell = subprocess.run(  # noqa: S603  # a line of this file
            ["/bin/sh", "-c", f'. "{folder.stack_env}" && echo "$RINGBACK_MONGODB_URI"'],
            capture_output=True,
            text=True,
            check=True,
        )
    assert shell.stdout.strip() == starter.mongodb_uri.get_secret_value() == "mongodb://127.0.0.1:1/?replicaSet=rs0"
    assert gateway.policy.silence_seconds == 2
    assert gateway.twilio_api_origin == "http://127.0.0.1:4"


def test_a_real_account_does_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own settings stay out of the stack, but for log and policy rows."""
    monkeypatch.setenv("RINGBACK_TWILIO_API_KEY_SID", "SK" + "0" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "real")
    monkeypatch.setenv("RINGBACK_LOG_LEVEL", "DEBUG")
    inherited = recipes.inherited()
    assert "RINGBACK_TWILIO_API_KEY_SID" not in inherited
    assert "TWILIO_AUTH_TOKEN" not in inherited
    assert inherited["RINGBACK_LOG_LEVEL"] == "DEBUG"
    assert inherited["RINGBACK_ENV_FILE"] == ""
