"""The folder of a running stack: who holds it, what outlives it, and how others join it."""

import contextlib
import fcntl
import json
import os
import secrets
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


class FolderInUseError(Exception):
    """Another stack runs in this folder; the text names its process."""


@dataclass(frozen=True)
class Kept:
    """What the next start in the same folder uses again, so that its data and its users' keys stay good."""

    account_sid: str = field(default_factory=lambda: f"AC{secrets.token_hex(16)}")
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    api_key: str = field(default_factory=lambda: f"rk_{secrets.token_urlsafe(24)}")
    access_token_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    webhook_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    ports: Mapping[str, int] = field(default_factory=dict)


class RunFolder:
    """Everything that a stack writes lies below one folder that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.stack_json = self.path / "stack.json"
        self.stack_env = self.path / "stack.env"
        self._kept = self.path / "kept.json"
        self._lock = self.path / "lock"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder against a second stack; the kernel lets go of it when we die.

        Raises:
            FolderInUseError: Somebody else holds it.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        with self._lock.open("a+", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise FolderInUseError(
                    f"a stack is already running in {self.path} (process {lock.read().strip() or 'unknown'})."
                    " Stop it, or choose another folder with RUN_DIR=…"
                ) from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            self.withdraw()  # what a killed stack left
            try:
                yield
            finally:
                self.withdraw()

    def recall(self) -> Kept:
        """What the last stack kept here, or something new."""
        try:
            return Kept(**json.loads(self._kept.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Kept()

    def keep(self, kept: Kept) -> None:
        _write(self._kept, json.dumps(asdict(kept), indent=2))

    def publish(self, addresses: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """Let others join: `stack.env` for a shell or a process, then `stack.json`, whose presence says it is up."""
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
        _write(self.stack_env, exports)
        _write(self.stack_json, json.dumps(addresses, indent=2) + "\n")

    def withdraw(self) -> None:
        """The stack is not up, or not any more."""
        self.stack_json.unlink(missing_ok=True)
        self.stack_env.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """Readers see the old file or the new one, and never one that others may read (mkstemp makes 0600)."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
