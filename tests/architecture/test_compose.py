"""docker-compose.yml says only what the schema allows and what the code knows. No container engine is needed here."""

import importlib.util
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from runtime.alive import EVERY_SECONDS
from runtime.setting_problems import ENV_FILE_VARIABLE, environment_names
from runtime.settings import Settings, load_settings
from tests.architecture.test_rooms import ROOT
from workflows.names import SEARCH_ATTRIBUTES

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
ENGINES = sorted(SERVICES.keys() - set(OURS))
SETTINGS = environment_names(Settings)


def variables(service: dict[str, Any]) -> dict[str, str]:
    return dict(service.get("environment", {}))


def sources_of(room: str) -> str:
    return "\n".join(path.read_text() for path in (ROOT / room).rglob("*.py"))


def example() -> dict[str, tuple[str, bool]]:
    """Each variable of .env.example: its value, and whether it must be filled in."""
    lines = re.findall(r"^(#?)([A-Z0-9_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return {name: (value, not mark) for mark, name, value in lines}


def test_it_is_a_compose_file() -> None:
    """The file is valid by the Compose Specification's own schema."""
    schema = json.loads((Path(__file__).parent / "data" / "compose-spec.json").read_text())
    jsonschema.Draft201909Validator(schema).validate(COMPOSE)


@pytest.mark.parametrize("name", ENGINES)
def test_engines_are_pinned(name: str) -> None:
    """An image that is not ours has a full version, and not one that has retired."""
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?", tag)
    assert image != "temporalio/auto-setup"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_waits_for_can_happen(name: str) -> None:
    """Healthy needs a healthcheck, completed needs a job that ends."""
    for other, rule in SERVICES[name].get("depends_on", {}).items():
        if rule["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert rule["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"].startswith("on-failure")


@pytest.mark.parametrize("name", OURS)
def test_a_command_starts_something_that_exists(name: str) -> None:
    """Module, file or factory: each is found in the code, and in the image."""
    command = SERVICES[name]["command"]
    copied = set(re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    inside = {item for line in copied for item in line.split()}
    match command:
        case ["python", "-m", module]:
            assert importlib.util.find_spec(f"{module}.__main__") is not None
            assert module.split(".")[0] in inside
        case ["python", file]:
            assert (ROOT / file).exists()
            assert file in inside
        case _:
            pytest.fail(f"{command} is no command that this test knows")


@pytest.mark.parametrize("name", OURS)
def test_variables_are_known_to_the_code(name: str) -> None:
    """Every variable that is set is read by somebody."""
    room = {"simulator": "simulator", "agent": "examples"}.get(name)
    for variable in variables(SERVICES[name]):
        if room is None:
            assert variable in SETTINGS
        else:
            assert f'"{variable}"' in sources_of(room)


def test_the_workers_healthcheck_reads_the_file_that_the_worker_keeps() -> None:
    """It lies where a read-only container can write, and counts as stale after three looks that failed."""
    file = variables(SERVICES["worker"])["RINGBACK_ALIVE_FILE"]
    probe = SERVICES["worker"]["healthcheck"]["test"][-1]
    assert f"'{file}'" in probe
    assert file.startswith(f"{SERVICES['worker']['tmpfs']}/")
    assert f"> {3 * EVERY_SECONDS:g})" in probe
    compile(probe, "healthcheck", "exec")


@pytest.mark.parametrize("name", [name for name in OURS if "healthcheck" in SERVICES[name] and name != "worker"])
def test_a_healthcheck_asks_what_is_answered(name: str) -> None:
    """The path of each healthcheck is served by that room, on the port that the service is told to listen on."""
    probe = SERVICES[name]["healthcheck"]["test"][-1]
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", probe)
    assert asked is not None
    port, path = asked.groups()
    assert f'"{path}"' in sources_of({"agent": "examples"}.get(name, name))
    assert port in {*variables(SERVICES[name]).values()}
    compile(probe, "healthcheck", "exec")


def test_ports_are_published_on_this_machine_alone() -> None:
    """Nothing here is made for the open internet without a proxy."""
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_gateway_listens_where_it_is_published() -> None:
    """The port of the settings and of the publication are one, and it is heard outside of its container."""
    gateway = SERVICES["gateway"]
    assert gateway["environment"]["RINGBACK_GATEWAY_HOST"] == "0.0.0.0"
    assert gateway["ports"] == [f"127.0.0.1:8080:{gateway['environment']['RINGBACK_GATEWAY_PORT']}"]


def test_every_search_attribute_is_registered() -> None:
    """A missing one would wedge every workflow."""
    (script,) = SERVICES["temporal-namespace"]["command"]
    listed = re.search(r"for name in (.+); do", script)
    assert listed is not None
    assert set(listed[1].split()) == {key.name for key in SEARCH_ATTRIBUTES}


def test_only_who_needs_the_secrets_gets_them() -> None:
    """The example agent and the simulator do not see the customer's keys, and no secret is written down."""
    assert {name for name in OURS if "env_file" in SERVICES[name]} == {"worker", "gateway"}
    written = [value for service in SERVICES.values() for value in variables(service).values()]
    assert not [value for value in written if re.search(r"[0-9a-f]{32}", str(value))]


def test_the_image_is_reproducible_and_unprivileged() -> None:
    """Packages are hash-checked, and the processes are nobody special."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes --requirement requirements.lock" in dockerfile
    user = re.findall(r"^USER (\d+)$", dockerfile, re.MULTILINE)[-1]
    assert int(user) > 0
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_the_example_file_names_every_setting() -> None:
    """All settings and nothing else, so that a reader misses none and a copied line means something."""
    compose_only = {"POSTGRES_PASSWORD"}
    assert set(example()) - compose_only == set(SETTINGS) - {ENV_FILE_VARIABLE}
    assert compose_only <= set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))


def test_the_example_file_shows_the_true_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is commented out is what happens without it."""
    for name in [name for name in os.environ if name.startswith("RINGBACK_")]:
        monkeypatch.delenv(name)
    given = tmp_path / "given.env"
    required = {
        "RINGBACK_PUBLIC_BASE_URL": "https://calls.example.com",
        "RINGBACK_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "RINGBACK_TWILIO_AUTH_TOKEN": "token",
        "RINGBACK_API_KEY_SHA256S": "0" * 64,
        "RINGBACK_ACCESS_TOKEN_SECRET": "0" * 32,
        "RINGBACK_MONGODB_URI": "mongodb://127.0.0.1",
    }
    assert {name for name, (_, is_required) in example().items() if is_required} == set(required)
    given.write_text("".join(f"{name}={value}\n" for name, value in required.items()))
    plain = load_settings("gateway", given)
    shown = {name: value for name, (value, is_required) in example().items() if not is_required}
    given.write_text("".join(f"{name}={value}\n" for name, value in {**required, **shown}.items()))
    assert load_settings("gateway", given) == plain
