"""The SDK's three kinds of exception as one shape, and that shape as the port's errors."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
from twilio.base.exceptions import (  # type: ignore[import-untyped]  # the SDK ships no types
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)

from adapters.twilio.dispositions import Verdict, disposition, may_be_asked_again
from calls.facts import EvidenceValue
from calls.ports.carrier import CarrierError, DialAmbiguousError, DialNotProcessedError, DialRefusedError
from calls.reasons import FinishReason

NOTHING_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""What aiohttp raises before a byte of the request has left."""
NO_ANSWER = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
UNREADABLE = (ValueError, KeyError, AttributeError)
"""What the SDK raises over an answer that is no JSON, or none of the right shape."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer of the API. `code` is Twilio's own, None when the body had none."""

    http_status: int
    code: int | None
    message: str

    @property
    def evidence(self) -> dict[str, EvidenceValue]:
        """What the record keeps of it."""
        return {
            "carrier_error_code": self.code,
            "http_status": self.http_status,
            "carrier_message": self.message[:500],
        }


def refusal(error: TwilioException) -> Refusal | None:
    """The API's answer in an exception of the SDK; None when there is none in it."""
    if isinstance(error, TwilioRestException):
        # Without a code in the body the SDK repeats the HTTP status there.
        code = None if error.code == error.status else error.code
        return Refusal(error.status, code, str(error.msg))
    if isinstance(error, TwilioServiceException):
        return Refusal(error.status, error.code, str(error.detail or error.title))
    # Listings raise a bare exception with the response as its second argument.
    status = getattr(error.args[1], "status_code", None) if len(error.args) > 1 else None
    return _listing_refusal(int(status), str(error.args[1].text)) if status is not None else None


def _listing_refusal(status: int, text: str) -> Refusal:
    with contextlib.suppress(ValueError):
        body = json.loads(text)
        if isinstance(body, dict):
            code = body.get("code")
            return Refusal(status, code if isinstance(code, int) else None, str(body.get("message", "")))
    return Refusal(status, None, text)


@contextlib.contextmanager
def dialling() -> Iterator[None]:
    """Turn whatever goes wrong while dialling into the port's three errors."""
    try:
        yield
    except TwilioException as error:
        raise _dial_error(error) from error
    except NOTHING_SENT as error:
        raise DialNotProcessedError(
            f"the carrier could not be reached: {error}",
            reason=FinishReason.TWILIO_SERVICE_ERROR,
            evidence={"detail": "carrier_unreachable", "exception": type(error).__name__},
        ) from error
    except (*NO_ANSWER, *UNREADABLE) as error:
        raise DialAmbiguousError(
            f"the carrier's answer was lost: {type(error).__name__} {error}",
            evidence={"detail": "answer_lost", "exception": type(error).__name__},
        ) from error


def _dial_error(error: TwilioException) -> CarrierError:
    answer = refusal(error)
    if answer is None:
        return DialAmbiguousError(f"the carrier's answer made no sense: {error}", evidence={"detail": "answer_lost"})
    verdict, reason, detail = disposition(answer.http_status, answer.code, answer.message)
    evidence: dict[str, EvidenceValue] = {**answer.evidence, "detail": detail}
    text = f"{answer.message} (HTTP {answer.http_status}, code {answer.code})"
    if verdict is Verdict.REFUSED:
        return DialRefusedError(text, reason=reason, evidence=evidence)
    if verdict is Verdict.NOT_PROCESSED:
        return DialNotProcessedError(text, reason=reason, evidence=evidence)
    return DialAmbiguousError(text, evidence=evidence)


@contextlib.contextmanager
def asking(*, never_permanent: bool = False) -> Iterator[None]:
    """Turn whatever goes wrong with any other request into a CarrierError.

    `never_permanent` is for what may be asked for a whole day: a key that is wrong today is mended tomorrow.
    """
    try:
        yield
    except TwilioException as error:
        answer = refusal(error)
        if answer is None:
            raise CarrierError(str(error), permanent=False) from error
        text = f"{answer.message} (HTTP {answer.http_status}, code {answer.code})"
        permanent = not (never_permanent or may_be_asked_again(answer.http_status))
        raise CarrierError(text, permanent=permanent, evidence=answer.evidence) from error
    except (*NO_ANSWER, *UNREADABLE) as error:
        raise CarrierError(f"the carrier did not answer: {type(error).__name__} {error}", permanent=False) from error
