"""Settings are right, or every problem with them is named at once."""

import re
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.setting_problems import environment_names
from runtime.settings import ConfigurationError, Settings, load_settings

Environment = Callable[..., None]

BAD_VALUES = {
    "TEMPORAL_ADDRESS": ["localhost", "http://localhost:7233", "a b:1"],
    "TEMPORAL_TLS": ["perhaps"],
    "TEMPORAL_UI_URL": ["127.0.0.1:8233", "ftp://host"],
    "MONGODB_URI": ["http://127.0.0.1", "127.0.0.1:27017", "mongodb://me:p@ss@db", "mongodb+srv://me:p%zz@db.test"],
    "MONGODB_DATABASE": ["ring back", "a.b", "a/b", "x" * 64],
    "PUBLIC_BASE_URL": [
        "http://calls.example.com",
        "https://calls.example.com/",
        "https://calls.example.com/path",
        "https://calls.example.com?x=1",
        "https://calls.example.com#x",
        "https://user:word@calls.example.com",
        "https://calls.example.com:",
        "https://calls.example.com:99999",
        "https://",
        "calls.example.com",
    ],
    "TWILIO_ACCOUNT_SID": ["AC123", "SK" + "0" * 32, "AC" + "G" * 32],
    "TWILIO_API_KEY_SID": ["AC" + "0" * 32],
    "TWILIO_API_ORIGIN": ["http://simulator.example.com:8900", "https://api.example.com/2010-04-01"],
    "DIAL_CALLS_PER_SECOND": ["0", "-1", "inf", "nan", "many"],
    "API_KEY_SHA256S": ["plain-key", "ab" * 32 + ",cd", ","],
    "ACCESS_TOKEN_SECRET": ["x" * 31],
    "ACCESS_TOKEN_TTL_SECONDS": ["0"],
    "ALLOW_INSECURE_AGENT_URLS": ["sometimes"],
    "GATEWAY_PORT": ["0", "65536", "http"],
    "POLICY__RING_SECONDS": ["0", "-3", "inf", "soon", "601"],
    "POLICY__MACHINE_DETECTION_SECONDS": ["2", "60"],
    "MAX_OPEN_CALLS_PER_WORKER": ["0", "1.5"],
    "CALLING_HOURS": ["always", "08:00", "20:00-08:00", "8:00-20:00", "someday 08:00-20:00", "mon 08:00-25:00"],
    "MAX_CALLS_PER_CALLEE_PER_DAY": ["0", "often"],
    "SIP_DECLINED_MEANS": ["busy", "user_ended_call"],
    "LOG_LEVEL": ["LOUD"],
    "LOG_FORMAT": ["xml"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD_VALUES.items() for value in values])
def test_a_bad_value_is_named_with_its_variable(environment: Environment, name: str, value: str) -> None:
    """Each refused value gives one problem, which begins with the variable's own name and says what it is for."""
    if name == "TWILIO_API_KEY_SID":
        environment(TWILIO_API_KEY_SECRET="k3y")
    environment(**{name: value})
    with pytest.raises(ConfigurationError) as refused:
        load_settings("gateway")
    (problem,) = refused.value.problems
    assert problem.startswith(f"RINGBACK_{name}")
    assert environment_names(Settings)[f"RINGBACK_{name}"] in problem


def test_good_values_arrive_typed(environment: Environment) -> None:
    """What the environment says in text arrives as numbers, tuples and nested rows."""
    environment(API_KEY_SHA256S=f"{'AB' * 32}, {'cd' * 32}", POLICY__RING_SECONDS="0.5", LOG_LEVEL="debug")
    settings = load_settings("gateway")
    assert settings.api_key_sha256s == ("ab" * 32, "cd" * 32)
    assert settings.policy.ring_seconds == 0.5
    assert settings.policy.registered_seconds == 300
    assert settings.log_level == "DEBUG"
    assert settings.access_token_secret.get_secret_value() == "s3cr3t-" * 6


@pytest.mark.parametrize("base", ["https://calls.example.com:8443", "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_origins_that_may_be_used(environment: Environment, base: str) -> None:
    """Https anywhere, http on this machine."""
    environment(PUBLIC_BASE_URL=base)
    assert load_settings("worker").public_base_url == base


@pytest.mark.parametrize(
    ("role", "missing"),
    [
        ("starter", ["MONGODB_URI"]),
        (
            "worker",
            ["MONGODB_URI", "PUBLIC_BASE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "ACCESS_TOKEN_SECRET"],
        ),
        (
            "gateway",
            [
                "MONGODB_URI",
                "PUBLIC_BASE_URL",
                "TWILIO_ACCOUNT_SID",
                "TWILIO_AUTH_TOKEN",
                "API_KEY_SHA256S",
                "ACCESS_TOKEN_SECRET",
            ],
        ),
    ],
)
def test_a_role_names_all_that_it_misses(environment: Environment, role: str, missing: list[str]) -> None:
    """An empty environment is answered with exactly what the role cannot do without."""
    environment(**dict.fromkeys(environment_fields()))
    with pytest.raises(ConfigurationError) as refused:
        load_settings(role)  # type: ignore[call-overload]  # the overloads want a literal, not a parameter
    assert [problem.split()[0] for problem in refused.value.problems] == [f"RINGBACK_{name}" for name in missing]


def environment_fields() -> list[str]:
    return [name.removeprefix("RINGBACK_") for name in environment_names(Settings)]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"TEMPORAL_API_KEY": "k"}, ["TEMPORAL_API_KEY", "TEMPORAL_TLS"]),
        ({"TWILIO_API_KEY_SID": "SK" + "0" * 32}, ["TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"]),
        ({"TWILIO_API_KEY_SECRET": "x"}, ["TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"]),
        ({"PULSE_SECONDS": "6"}, ["PULSE_SECONDS", "PULSE_STALE_SECONDS"]),
        (
            {"POLICY__MAXIMUM_DURATION_SECONDS": "15"},
            ["POLICY__WRAP_UP_NOTICE_SECONDS", "POLICY__MAXIMUM_DURATION_SECONDS"],
        ),
        (
            {"TWILIO_API_ORIGIN": None, "PUBLIC_BASE_URL": "https://ringback.test"},
            ["PUBLIC_BASE_URL", "TWILIO_API_ORIGIN"],
        ),
        (
            {"TWILIO_API_ORIGIN": None, "PUBLIC_BASE_URL": "http://localhost:8080"},
            ["PUBLIC_BASE_URL", "TWILIO_API_ORIGIN"],
        ),
    ],
)
def test_a_contradiction_names_both_sides(
    environment: Environment, changes: dict[str, str | None], named: list[str]
) -> None:
    """Settings that cannot be right together are one problem, which names all of them."""
    environment(**changes)
    with pytest.raises(ConfigurationError) as refused:
        load_settings("gateway")
    (problem,) = refused.value.problems
    assert all(f"RINGBACK_{name}" in problem for name in named)


def test_every_kind_of_problem_is_listed_at_once(environment: Environment) -> None:
    """A missing, a bad, a misspelt and two contradictory settings take one start to find, not four."""
    environment(
        MONGODB_URI=None, GATEWAY_PORT="0", TEMPORAL_ADRESS="host:1", TEMPORAL_API_KEY="k", POLICY__RIGN_SECONDS="3"
    )
    with pytest.raises(ConfigurationError) as refused:
        load_settings("gateway")
    text = str(refused.value)
    assert len(refused.value.problems) == 5
    assert text.startswith("5 problems with the settings of the gateway:")
    assert "RINGBACK_TEMPORAL_ADRESS is no setting. Did you mean RINGBACK_TEMPORAL_ADDRESS?" in text
    assert "Did you mean RINGBACK_POLICY__RING_SECONDS?" in text
    assert "RINGBACK_MONGODB_URI is missing." in text


def test_a_contradiction_with_a_bad_value_is_not_guessed(environment: Environment) -> None:
    """What a refused value would have contradicted is unknown, so only the refusal is reported."""
    environment(PULSE_STALE_SECONDS="-1", PULSE_SECONDS="60")
    with pytest.raises(ConfigurationError) as refused:
        load_settings("gateway")
    assert len(refused.value.problems) == 1


def test_json_that_is_none_is_a_problem_too(environment: Environment) -> None:
    """The whole policy may be given as JSON; what is no JSON is answered like any other mistake."""
    environment(POLICY="{ring")
    with pytest.raises(ConfigurationError, match="policy"):
        load_settings("starter")


def test_secrets_are_never_shown(environment: Environment) -> None:
    """Neither printing settings nor refusing them repeats a token, a password or a key."""
    environment(TEMPORAL_API_KEY="t3mp0r4l", TWILIO_API_KEY_SECRET="k3y-s3cr3t")
    secrets = ["p4ssw0rd", "tw1l10-t0k3n", "s3cr3t-s3cr3t", "t3mp0r4l", "k3y-s3cr3t"]
    with pytest.raises(ConfigurationError) as refused:
        load_settings("gateway")
    environment(TEMPORAL_API_KEY="t3mp0r4l", TEMPORAL_TLS="true", TWILIO_API_KEY_SECRET=None)
    settings = load_settings("gateway")
    traceback_text = "".join(traceback.format_exception(refused.value))
    for text in (str(settings), repr(settings), settings.model_dump_json(), str(refused.value), traceback_text):
        assert not [secret for secret in secrets if secret in text]


def test_a_refused_secret_is_not_repeated(environment: Environment) -> None:
    """A secret pasted into the wrong line is refused without showing it."""
    environment(
        TWILIO_ACCOUNT_SID="tw1l10-t0k3n", ACCESS_TOKEN_SECRET="2short", MONGODB_URI="mongodb://user:p4ssw0rd@@db"
    )
    with pytest.raises(ConfigurationError) as refused:
        load_settings("gateway")
    assert len(refused.value.problems) == 3
    assert not re.search("tw1l10|2short|p4ssw0rd", str(refused.value))


def test_the_environment_wins_over_the_file(environment: Environment, tmp_path: Path) -> None:
    """`.env` fills what the environment leaves open, with or without `export`."""
    environment(GATEWAY_PORT="9000", LOG_FORMAT="")
    (tmp_path / ".env").write_text("RINGBACK_GATEWAY_PORT=9001\nexport RINGBACK_LOG_FORMAT='json'\nOTHER=1\n")
    settings = load_settings("gateway")
    assert settings.gateway_port == 9000
    assert settings.log_format == "json"


def test_another_file_can_be_named(environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RINGBACK_ENV_FILE replaces `.env`, and empty means no file; a misspelt name in a file is seen as well."""
    environment()
    (tmp_path / ".env").write_text("RINGBACK_GATEWAY_PORT=0\n")
    (tmp_path / "other.env").write_text("RINGBACK_GATEWAY_PROT=1\n")
    monkeypatch.setenv("RINGBACK_ENV_FILE", "")
    assert load_settings("gateway").gateway_port == 8080
    monkeypatch.setenv("RINGBACK_ENV_FILE", "other.env")
    with pytest.raises(ConfigurationError, match="RINGBACK_GATEWAY_PROT is no setting"):
        load_settings("gateway")
