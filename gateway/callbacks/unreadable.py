"""Callbacks that are the carrier's and cannot be read."""

import logging

from fastapi import FastAPI, Request
from starlette.responses import Response

from adapters.twilio.callbacks import BadCallbackError

log = logging.getLogger(__name__)


async def _answer(request: Request, error: BadCallbackError) -> Response:
    # It is signed, so it is the carrier's; repeating it, which anything but a 2xx asks for, would not mend it.
    log.warning("a callback to %s could not be read: %s", request.scope["path"], error)
    return Response(status_code=204)


def answer_unreadable_callbacks(app: FastAPI) -> None:
    """Have them answered with 204; nothing changes by them."""
    app.add_exception_handler(BadCallbackError, _answer)  # type: ignore[arg-type]  # Starlette types the widest error
