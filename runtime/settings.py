"""What an operator may set, checked before anything starts.

Every setting is one environment variable `RINGBACK_<FIELD>`; a row of the policy is `RINGBACK_POLICY__<ROW>`. A file
of such lines (`.env`, or the one that `RINGBACK_ENV_FILE` names; empty means none) is read too; the environment wins.
A process asks for the settings of its role with `load_settings` and gets all of them right, or one
`ConfigurationError` that lists everything that is wrong with them.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, overload

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from runtime.policy_settings import PolicySettings, Seconds
from runtime.setting_problems import (
    ENV_FILE_VARIABLE,
    ENV_NESTED_DELIMITER,
    ENV_PREFIX,
    described,
    environment_names,
    unknown,
)
from runtime.setting_types import (
    AccountSid,
    ApiKeySid,
    Countries,
    DeclinedText,
    Digests,
    Hours,
    LogFormat,
    LogLevel,
    MongodbUri,
    Origin,
    PrivateOrigin,
    PublicOrigin,
    Secret,
    SigningSecret,
    Text,
    WhenFullText,
)
from runtime.setting_values import (
    only_reachable_from_here,
)


class ConfigurationError(Exception):
    """The settings of a role are wrong; the text lists every problem with its variable and its cure."""

    def __init__(self, role: str, problems: tuple[str, ...]) -> None:
        self.problems = problems
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"{count} with the settings of the {role}:{lines}\n.env.example explains every setting.")


class Contradiction(NamedTuple):
    """Settings that are each right and cannot be right together."""

    fields: frozenset[str]
    text: str


class Settings(BaseSettings):
    """Everything that can be set. What only some roles must have may be absent here; the roles below narrow it."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_NESTED_DELIMITER,
        env_ignore_empty=True,  # compose files write NAME= for what is not set
        extra="ignore",  # unknown names are reported beside the other problems
        frozen=True,
        hide_input_in_errors=True,  # an input may be a secret
        use_attribute_docstrings=True,
    )

    temporal_address: Annotated[str, Field(pattern=r"^[^\s/:]+:\d{1,5}$")] = "127.0.0.1:7233"
    """host:port of Temporal."""
    temporal_namespace: Text = "default"
    """The Temporal namespace."""
    temporal_api_key: Secret | None = None
    """An API key of Temporal Cloud; needs RINGBACK_TEMPORAL_TLS=true."""
    temporal_tls: bool = False
    """Whether to speak TLS to Temporal."""
    temporal_ui_url: Origin = "http://127.0.0.1:8233"
    """Where people open Temporal's Web UI."""

    mongodb_uri: MongodbUri
    """Where MongoDB is, e.g. mongodb://127.0.0.1:27017/?replicaSet=rs0; may hold a password."""
    mongodb_database: Annotated[str, Field(pattern=r'^[^\s/\\."$]{1,63}$')] = "ringback"
    """The name of the MongoDB database."""

    public_base_url: PublicOrigin | None = None
    """The address under which Twilio reaches the gateway, e.g. https://calls.example.com."""
    twilio_account_sid: AccountSid | None = None
    """The Twilio account: AC and 32 hexadecimal digits, from the console's first page."""
    twilio_auth_token: Secret | None = None
    """The Twilio account's auth token, which signs its callbacks."""
    twilio_api_key_sid: ApiKeySid | None = None
    """SK and 32 hexadecimal digits: an API key to make requests with, in place of the auth token."""
    twilio_api_key_secret: Secret | None = None
    """The secret that was shown when that API key was made."""
    twilio_api_origin: PrivateOrigin | None = None
    """The simulator's address, e.g. http://127.0.0.1:8900; leave it out to use Twilio itself."""
    dial_calls_per_second: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """How many calls a second the Twilio account may start."""

    api_key_sha256s: Digests = ()
    """SHA-256 digests of the accepted API keys, with commas between them; printf %s "$KEY" | sha256sum makes one."""
    relay_application_reconnect: bool = False
    """Whether Twilio reconnects a broken relay by itself before it asks us (applicationReconnect); not tried yet."""
    access_token_secret: SigningSecret | None = None
    """At least 32 characters that sign the access tokens of calls; openssl rand -hex 32 makes some."""
    access_token_ttl_seconds: Seconds = 86400
    """How long an access token is good for."""
    allow_insecure_agent_urls: bool = False
    """Whether agent servers and webhooks may be reached by ws:// and http:// and on private networks."""
    webhook_secret: SigningSecret | None = None
    """At least 32 characters that sign what is posted to customers; openssl rand -hex 32 makes some."""
    inbound_message: Annotated[str, Field(min_length=1, max_length=500)] = (
        "We are sorry, nobody can take your call right now. Please call again later."
    )
    """What a caller hears whose call nobody can take."""
    inbound_message_language: Text = "en-US"
    """The language that this is spoken in."""
    gateway_host: Text = "127.0.0.1"
    """Where the gateway listens, and the host in links where no public address exists."""
    gateway_port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """The port of both."""

    allowed_countries: Countries = ()
    """The countries that are called: ISO codes with commas between them, e.g. US,CA; empty allows all."""

    calling_hours: Hours | None = None
    """When callees may be rung, by their own clocks, e.g. mon,tue,wed,thu,fri 08:00-20:00; unset is at any time."""
    max_calls_per_callee_per_day: Annotated[int, Field(ge=1)] | None = None
    """How often a callee may be called within 24 hours; unset is no limit."""

    max_simultaneous_calls: Annotated[int, Field(ge=1)] | None = None
    """How many calls may be up at once, on all workers together; unset is no limit."""
    one_call_per_callee: bool = True
    """Whether a callee is called by at most one call at a time."""
    when_full: WhenFullText = "queue"
    """What becomes of a call that such a limit leaves no room: queue, or reject."""
    sip_declined_means: DeclinedText = "call_failed"
    """What SIP 603, 607 and 608 end a call as: call_failed, line_busy, no_answer or potential_scam_detected."""

    policy: PolicySettings = PolicySettings()
    """The timers of a call."""
    pulse_seconds: Seconds = 2
    """How often a live conversation leaves a pulse in storage."""
    pulse_stale_seconds: Seconds = 10
    """How old a pulse may grow before the carrier is asked what is true."""
    max_open_calls_per_worker: Annotated[int, Field(ge=1)] = 1000
    """How many open calls one worker keeps in memory (about 130 kB each)."""
    sweep_seconds: Seconds = 60
    """How often calls are looked for that no workflow owns any more."""
    sweep_grace_seconds: Seconds = 15
    """How long such a call must look like that before it is taken up."""
    shutdown_grace_seconds: Seconds = 30
    """How long a process that was told to stop may finish what it is doing."""
    build_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = None
    """The build of a worker's code, where Temporal shall keep each call on the one it began on; see production.md."""
    alive_file: Path | None = None
    """A file that a worker keeps fresh while Temporal and MongoDB answer it, for a supervisor's health check."""
    log_level: LogLevel = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    log_format: LogFormat = "text"
    """text for people, json for one object a line."""

    def contradictions(self) -> Iterator[Contradiction]:
        """Whatever can only be seen by looking at several settings at once."""
        if self.temporal_api_key is not None and not self.temporal_tls:
            yield Contradiction(
                frozenset({"temporal_api_key", "temporal_tls"}),
                "RINGBACK_TEMPORAL_API_KEY would travel in clear: set RINGBACK_TEMPORAL_TLS=true",
            )
        if (self.twilio_api_key_sid is None) != (self.twilio_api_key_secret is None):
            yield Contradiction(
                frozenset({"twilio_api_key_sid", "twilio_api_key_secret"}),
                "RINGBACK_TWILIO_API_KEY_SID and RINGBACK_TWILIO_API_KEY_SECRET belong together: set both or neither",
            )
        if self.twilio_api_origin is None and only_reachable_from_here(self.public_base_url):
            yield Contradiction(
                frozenset({"twilio_api_origin", "public_base_url"}),
                f"RINGBACK_PUBLIC_BASE_URL is {self.public_base_url}, where Twilio cannot call back: set a public https"
                " address, or RINGBACK_TWILIO_API_ORIGIN to use the simulator",
            )
        if self.pulse_stale_seconds < 2 * self.pulse_seconds:
            yield Contradiction(
                frozenset({"pulse_seconds", "pulse_stale_seconds"}),
                f"RINGBACK_PULSE_STALE_SECONDS ({self.pulse_stale_seconds:g}) must be at least twice"
                f" RINGBACK_PULSE_SECONDS ({self.pulse_seconds:g}), or one late pulse looks like a death",
            )
        if self.policy.wrap_up_notice_seconds >= self.policy.maximum_duration_seconds:
            yield Contradiction(
                frozenset({"policy.wrap_up_notice_seconds", "policy.maximum_duration_seconds"}),
                f"RINGBACK_POLICY__WRAP_UP_NOTICE_SECONDS ({self.policy.wrap_up_notice_seconds:g}) must be shorter than"
                f" RINGBACK_POLICY__MAXIMUM_DURATION_SECONDS ({self.policy.maximum_duration_seconds:g})",
            )


class StarterSettings(Settings):
    """What the command line must have: Temporal and the records."""


class WorkerSettings(Settings):
    """What a worker must have: also the carrier, the address to be called back at, and what signs access tokens."""

    public_base_url: PublicOrigin
    twilio_account_sid: AccountSid
    twilio_auth_token: Secret
    access_token_secret: SigningSecret


class GatewaySettings(Settings):
    """What a gateway must have: also what tells friend from stranger."""

    public_base_url: PublicOrigin
    twilio_account_sid: AccountSid
    twilio_auth_token: Secret
    api_key_sha256s: Annotated[Digests, Field(min_length=1)]
    access_token_secret: SigningSecret


type_of_role: Mapping[str, type[Settings]] = {
    "worker": WorkerSettings,
    "gateway": GatewaySettings,
    "starter": StarterSettings,
}


@overload
def load_settings(role: Literal["worker"], env_file: Path | None = None) -> WorkerSettings: ...
@overload
def load_settings(role: Literal["gateway"], env_file: Path | None = None) -> GatewaySettings: ...
@overload
def load_settings(role: Literal["starter"], env_file: Path | None = None) -> StarterSettings: ...
def load_settings(role: Literal["worker", "gateway", "starter"], env_file: Path | None = None) -> Settings:
    """Read and check the settings of a process.

    Args:
        role: Which process asks; it must have what its class above says.
        env_file: The file to read beside the environment, instead of `$RINGBACK_ENV_FILE` or `.env`.

    Raises:
        ConfigurationError: Something is missing, wrong, contradictory or unknown; all of it is listed.
    """
    model = type_of_role[role]
    file = env_file or Path(os.environ.get(ENV_FILE_VARIABLE, ".env") or os.devnull)
    purposes = environment_names(Settings)
    problems = list(unknown(_names(file), purposes))
    try:
        settings = model(_env_file=file)
    except SettingsError as error:  # a whole nested object given as JSON that is none
        raise ConfigurationError(role, (*problems, f"{error}: give single rows, as in .env.example")) from None
    except ValidationError as error:
        problems += [described(detail, purposes) for detail in error.errors(include_url=False)]
        problems += [contradiction.text for contradiction in _contradictions_beside(error, file)]
    else:
        problems += [contradiction.text for contradiction in settings.contradictions()]
        if not problems:
            return settings
    raise ConfigurationError(role, tuple(problems))


def _names(file: Path) -> Iterator[str]:
    yield from EnvSettingsSource(Settings).env_vars
    yield from DotEnvSettingsSource(Settings, env_file=file).env_vars


def _contradictions_beside(error: ValidationError, file: Path) -> Iterator[Contradiction]:
    """The contradictions among the settings that are right, when others are not."""
    wrong = {".".join(str(part) for part in detail["loc"][:2]) for detail in error.errors()}
    defaults: dict[str, Any] = {"mongodb_uri": "mongodb://unknown", "policy": {}}
    for name in wrong:
        field, _, row = name.partition(".")
        if field == "policy" and row:
            defaults["policy"][row] = PolicySettings.model_fields[row].default
        elif field in Settings.model_fields and field != "mongodb_uri":
            defaults[field] = Settings.model_fields[field].default
    for contradiction in Settings(_env_file=file, **defaults).contradictions():
        if not contradiction.fields & wrong:
            yield contradiction
