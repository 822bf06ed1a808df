"""The API's errors: code, HTTP status and text, and the body they come in."""

from typing import Any

from starlette.responses import JSONResponse

ERRORS: dict[int, tuple[int, str]] = {
    10001: (403, "Account is not active"),
    10004: (429, "Call concurrency limit exceeded"),
    16113: (400, "Cannot download a dual-channel presentation of a mono recording"),
    20001: (400, "Invalid parameter: {}"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20009: (400, "Call {} is in progress and cannot be deleted"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL: {}"),
    21208: (400, "Invalid Timeout"),
    21210: (
        400,
        (
            "The source phone number provided, {}, is not yet verified for your account. "
            "You may only make calls from phone numbers that you've verified or purchased."
        ),
    ),
    21211: (400, "The phone number you are attempting to call, {}, is not valid."),
    21212: (400, "The source phone number provided, {}, is not valid."),
    21213: (400, "No 'From' number is specified"),
    21214: (400, "The phone number you are attempting to call, {}, could not be reached."),
    21215: (
        400,
        (
            "Account not authorized to call {}. Perhaps you need to enable some international permissions: "
            "https://www.twilio.com/console/voice/calls/geo-permissions/low-risk"
        ),
    ),
    21216: (400, "Account not allowed to call {}."),
    21217: (400, "Phone number {} does not appear to be valid."),
    21218: (400, "Invalid ApplicationSid"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
}
"""HTTP status of each code. Only 20003, 20404, 20429, 20500 and 21220 are certain; for the others 400 is a guess."""

NOT_RECORDABLE = "Requested resource is not eligible for recording"


class ApiError(Exception):
    """A request that the API refuses."""

    def __init__(self, code: int, subject: str = "", *, message: str = "") -> None:
        self.code = code
        self.status, text = ERRORS[code]
        self.message = message or text.format(subject)
        super().__init__(self.message)

    def response(self) -> JSONResponse:
        """Give the answer that carries this error."""
        body: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if self.code == 20003 else None  # noqa: PLR2004
        return JSONResponse(body, self.status, headers=headers)
