"""The carrier's callbacks as forms: read within a limit, and only if they are signed."""

import logging
from collections.abc import Mapping

from fastapi import HTTPException, Request

from adapters.twilio.signature import SIGNATURE_HEADER, SignatureVerifier, parse_form
from gateway.bodies import limited_body

log = logging.getLogger(__name__)

FORM_LIMIT = 64 * 1024
"""Bytes; a callback has about a tenth of that, without what an application handed over."""

Form = Mapping[str, str]


def raw_path(request: Request) -> str:
    """The path and query as they were sent, which is what the carrier signs: no header and no proxy has a say."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope.get("query_string", b"")
    sent = path.partition(b"?")[0] + (b"?" + query if query else b"")
    return sent.decode("latin-1")


class SignedForms:
    """A dependency that reads the form of a signed callback; anything else is a 403, and changes nothing."""

    def __init__(self, verifier: SignatureVerifier) -> None:
        self._verifier = verifier

    async def __call__(self, request: Request) -> Form:
        """The form's fields; of a repeated one the last."""
        body = await limited_body(request, FORM_LIMIT)
        try:
            fields = parse_form(body)
        except ValueError:
            fields = None
        signature = request.headers.get(SIGNATURE_HEADER, "")
        if fields is None or not self._verifier.verify_form(raw_path(request), fields, signature):
            log.warning("a callback without a valid signature was refused: %s", request.scope["path"])
            raise HTTPException(403, "this request is not signed by the carrier")
        return dict(fields)
