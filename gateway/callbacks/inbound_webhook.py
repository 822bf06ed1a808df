"""The question to a number's owner about a call that comes in, while the caller's phone rings."""

import json
import logging
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from calls.ports.webhooks import WebhookFailedError
from calls.webhook_signing import webhook_headers
from gateway.bodies import MalformedJsonError, parsed_object
from gateway.callbacks.inbound_side import InboundSide
from gateway.orders import SmallObject

log = logging.getLogger(__name__)

TRIES = 3
EVENT = "call_inbound"


class InboundAnswer(BaseModel):
    """What the owner says about a call. Everything is optional; an empty answer means: go on with the default."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    override_ai_agent_id: str | None = Field(default=None, max_length=100)
    metadata: SmallObject = Field(default_factory=dict)
    pia_llm_dynamic_data: SmallObject = Field(default_factory=dict)
    reject: bool = False


class InboundWebhook:
    """Asks a number's owner."""

    def __init__(self, side: InboundSide) -> None:
        self._side = side

    async def ask(self, url: str, question: dict[str, Any], at: datetime) -> InboundAnswer:
        """The owner's answer, in at most three tries. Raises WebhookFailedError with what the last one failed by."""
        body = json.dumps({"event": EVENT, **question}, ensure_ascii=False).encode()
        headers = webhook_headers(EVENT, body, at, self._side.webhook_secret)
        for attempt in range(1, TRIES + 1):
            try:
                answer = await self._side.webhooks.post(
                    url, body, headers, within_seconds=self._side.webhook_try_seconds
                )
                return read_answer(answer)
            except WebhookFailedError as error:
                log.warning("inbound webhook of call %s, try %d: %s", question["call_id"], attempt, error)
                failure = error
        raise failure


def read_answer(body: bytes) -> InboundAnswer:
    """The answer in a body; an empty one is an answer too. Raises WebhookFailedError."""
    if not body.strip():
        return InboundAnswer()
    try:
        fields = parsed_object(body)
        return InboundAnswer.model_validate({name: value for name, value in fields.items() if value is not None})
    except MalformedJsonError as error:
        raise WebhookFailedError(f"the answer is not usable JSON: {error}") from error
    except ValidationError as error:
        wrong = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors()}))
        raise WebhookFailedError(f"the answer's {wrong} cannot be used") from error
