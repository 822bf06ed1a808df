"""How our own parts are started, and the environment that makes them one stack."""

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime.embedded.engines import LOOPBACK, NAMESPACE, REPLICA_SET
from runtime.embedded.part import Recipe
from runtime.embedded.probes import answers, logs
from runtime.embedded.run_folder import Kept
from runtime.setting_problems import ENV_FILE_VARIABLE

PUBLIC_BASE_URL = "https://ringback.test"
"""What the carrier is told to call back; the simulator is told that it means the gateway."""
DATABASE = "ringback"
CALLS_PER_SECOND = 50

BEHIND_THE_TALK = 5
"""The niceness of what only dials and tidies up, where everything shares one machine's cores."""

_GRACE_SECONDS = 5
_STOP_WITHIN_SECONDS = 2.0 * _GRACE_SECONDS
# What a person may say to a stack that configures itself: how talkative, and how patient.
_WELCOME_PREFIXES = ("RINGBACK_LOG_", "RINGBACK_POLICY__")
_FOREIGN_PREFIXES = ("RINGBACK_", "SIMULATOR_", "TEMPORAL_", "TWILIO_", "AGENT_")


def inherited() -> dict[str, str]:
    """Our own environment without what would lead a part out of the stack, or a real account into it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN_PREFIXES)}
    welcome = {name: value for name, value in os.environ.items() if name.startswith(_WELCOME_PREFIXES)}
    return {**kept, **welcome, "PYTHONUNBUFFERED": "1", ENV_FILE_VARIABLE: ""}


def environment(kept: Kept, chosen: Mapping[str, str]) -> dict[str, str]:
    """Every RINGBACK_ variable that a part of this stack, or somebody who joins it, needs."""
    port = kept.ports
    return {
        "RINGBACK_TEMPORAL_ADDRESS": f"{LOOPBACK}:{port['temporal']}",
        "RINGBACK_TEMPORAL_NAMESPACE": NAMESPACE,
        "RINGBACK_TEMPORAL_UI_URL": f"http://{LOOPBACK}:{port['temporal-ui']}",
        "RINGBACK_MONGODB_URI": f"mongodb://{LOOPBACK}:{port['mongod']}/?replicaSet={REPLICA_SET}",
        "RINGBACK_MONGODB_DATABASE": DATABASE,
        "RINGBACK_PUBLIC_BASE_URL": PUBLIC_BASE_URL,
        "RINGBACK_TWILIO_ACCOUNT_SID": kept.account_sid,
        "RINGBACK_TWILIO_AUTH_TOKEN": kept.auth_token,
        "RINGBACK_TWILIO_API_ORIGIN": f"http://{LOOPBACK}:{port['simulator']}",
        "RINGBACK_DIAL_CALLS_PER_SECOND": str(CALLS_PER_SECOND),
        "RINGBACK_API_KEY_SHA256S": hashlib.sha256(kept.api_key.encode()).hexdigest(),
        "RINGBACK_ACCESS_TOKEN_SECRET": kept.access_token_secret,
        "RINGBACK_WEBHOOK_SECRET": kept.webhook_secret,
        "RINGBACK_ALLOW_INSECURE_AGENT_URLS": "true",
        "RINGBACK_SHUTDOWN_GRACE_SECONDS": str(_GRACE_SECONDS),
        ENV_FILE_VARIABLE: "",  # whoever joins must not be led away by a .env either
        **chosen,
    }


def simulator(kept: Kept, *, gateway_port: int, speed: float, ledger: Path, variables: dict[str, str]) -> Recipe:
    port = kept.ports["simulator"]
    return Recipe(
        name="simulator",
        command=[
            *(sys.executable, "-m", "simulator", "--host", LOOPBACK, "--port", str(port)),
            *("--account-sid", kept.account_sid, "--cps", str(CALLS_PER_SECOND), "--speed", str(speed)),
            *("--resolve", f"{PUBLIC_BASE_URL}=http://{LOOPBACK}:{gateway_port}", "--ledger", str(ledger)),
        ],
        environment={**variables, "SIMULATOR_AUTH_TOKEN": kept.auth_token},  # other users can read a command line
        ready=answers(LOOPBACK, port, "/healthz"),
        stop_within_seconds=_STOP_WITHIN_SECONDS,
    )


def agent(port: int, variables: dict[str, str]) -> Recipe:
    return Recipe(
        name="agent",
        command=[sys.executable, "-m", "examples.appointment_reminder", "--host", LOOPBACK, "--port", str(port)],
        environment=variables,
        ready=answers(LOOPBACK, port, "/healthz"),
        stop_within_seconds=_STOP_WITHIN_SECONDS,
    )


def gateway(name: str, port: int, variables: dict[str, str]) -> Recipe:
    return Recipe(
        name=name,
        command=[sys.executable, "serve.py"],
        environment={**variables, "RINGBACK_GATEWAY_HOST": LOOPBACK, "RINGBACK_GATEWAY_PORT": str(port)},
        ready=answers(LOOPBACK, port, "/readyz"),
        stop_within_seconds=_STOP_WITHIN_SECONDS,
    )


def worker(name: str, variables: dict[str, str]) -> Recipe:
    return Recipe(
        name=name,
        command=[sys.executable, "worker.py"],
        environment=variables,
        ready=logs("worker ready"),
        stop_within_seconds=_STOP_WITHIN_SECONDS,
        niceness=BEHIND_THE_TALK,
    )


def numbered(name: str, count: int) -> Sequence[str]:
    """`worker`, `worker-2`, `worker-3`."""
    return [name if number == 1 else f"{name}-{number}" for number in range(1, count + 1)]
