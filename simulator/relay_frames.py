"""What an application may send over a relay socket."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, StrictStr, TypeAdapter, ValidationError, model_validator

Interruptible = StrictBool | Literal["none", "dtmf", "speech", "any", "true", "false"] | None


class TextFrame(BaseModel):
    """Words to speak; ``last`` closes the talk cycle."""

    type: Literal["text"]
    token: StrictStr
    last: StrictBool = False
    lang: StrictStr | None = None
    interruptible: Interruptible = None
    preemptible: StrictBool | None = None


class PlayFrame(BaseModel):
    """Audio to play."""

    type: Literal["play"]
    source: StrictStr
    loop: int = Field(1, ge=0)
    interruptible: Interruptible = None
    preemptible: StrictBool = False


class DigitsFrame(BaseModel):
    """Keys to press."""

    type: Literal["sendDigits"]
    digits: str = Field(pattern=r"^[0-9w#*]+$")


class LanguageFrame(BaseModel):
    """Another language for speaking or listening."""

    type: Literal["language"]
    ttsLanguage: StrictStr | None = None  # noqa: N815 - the wire's own name
    transcriptionLanguage: StrictStr | None = None  # noqa: N815 - the wire's own name

    @model_validator(mode="after")
    def _names_one(self) -> "LanguageFrame":
        if not (self.ttsLanguage or self.transcriptionLanguage):
            raise ValueError("ttsLanguage or transcriptionLanguage is needed")
        return self


class EndFrame(BaseModel):
    """End of the session; control goes back to the document."""

    type: Literal["end"]
    handoffData: StrictStr | None = None  # noqa: N815 - the wire's own name


class ConfigFrame(BaseModel):
    """Dynamic configuration: accepted, without effect."""

    type: Literal["config", "hints"]


Frame = TextFrame | PlayFrame | DigitsFrame | LanguageFrame | EndFrame | ConfigFrame
_READER: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def read(raw: str | bytes) -> Frame | None:
    """Read one frame; None for anything that is not one: binary, no JSON, unknown type, missing or mistyped field."""
    if isinstance(raw, bytes):
        return None
    try:
        return _READER.validate_json(raw)
    except ValidationError:
        return None
