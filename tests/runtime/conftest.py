"""An environment with nothing of ours in it, and a valid one to spoil."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = {
    "MONGODB_URI": "mongodb://user:p4ssw0rd@db.internal/?replicaSet=rs0",
    "PUBLIC_BASE_URL": "https://calls.example.com",
    "TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
    "TWILIO_AUTH_TOKEN": "tw1l10-t0k3n",
    "TWILIO_API_ORIGIN": "http://127.0.0.1:8900",
    "API_KEY_SHA256S": "ab" * 32,
    "ACCESS_TOKEN_SECRET": "s3cr3t-" * 6,
}


@pytest.fixture(name="environment")
def an_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Set the good settings changed by what is given (None removes one), in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("RINGBACK_")]:
        monkeypatch.delenv(name)

    def change(**changes: str | None) -> None:
        for name, value in {**GOOD, **changes}.items():
            if value is None:
                monkeypatch.delenv(f"RINGBACK_{name}", raising=False)
            else:
                monkeypatch.setenv(f"RINGBACK_{name}", value)

    return change
