"""What kinds of values a setting can have, each with what it accepts, for `runtime.settings`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from calls.calling_hours import CallingHours
from runtime.setting_values import (
    any_origin,
    calling_hours,
    comma_list,
    country_codes,
    lower_case,
    mongodb_uri,
    private_origin,
    public_origin,
    sha256_digests,
    upper_case,
)

Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
Origin = Annotated[str, AfterValidator(any_origin)]
PublicOrigin = Annotated[str, AfterValidator(public_origin)]
PrivateOrigin = Annotated[str, AfterValidator(private_origin)]
MongodbUri = Annotated[SecretStr, AfterValidator(mongodb_uri)]
AccountSid = Annotated[str, Field(pattern=r"^AC[0-9a-f]{32}$")]
ApiKeySid = Annotated[str, Field(pattern=r"^SK[0-9a-f]{32}$")]
Countries = Annotated[tuple[str, ...], NoDecode, BeforeValidator(comma_list), AfterValidator(country_codes)]
Hours = Annotated[CallingHours, NoDecode, BeforeValidator(calling_hours)]
SigningSecret = Annotated[SecretStr, Field(min_length=32)]
Digests = Annotated[tuple[str, ...], NoDecode, BeforeValidator(comma_list), AfterValidator(sha256_digests)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(upper_case)]
DeclinedText = Annotated[
    Literal["call_failed", "line_busy", "no_answer", "potential_scam_detected"], BeforeValidator(lower_case)
]
WhenFullText = Annotated[Literal["queue", "reject"], BeforeValidator(lower_case)]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(lower_case)]
