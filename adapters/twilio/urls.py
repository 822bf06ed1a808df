"""Every address the carrier is given, derived from ids in one place; the gateway serves the same paths.

Call id and attempt id are in each path, so that a callback proves which dial it belongs to.
"""

from urllib.parse import quote, urlsplit

INBOUND = "/twilio/inbound"
"""Asked for instructions when somebody calls one of our numbers; the one address that the account is told by hand."""
VOICE = "/twilio/voice/{call_id}/{attempt_id}"
"""Asked for instructions when the callee answers."""
STATUS = "/twilio/status/{call_id}/{attempt_id}"
"""Told of the call's progress."""
MACHINE = "/twilio/machine/{call_id}/{attempt_id}"
"""Told the verdict of answering-machine detection."""
RECORDING = "/twilio/recording/{call_id}/{attempt_id}"
"""Told what became of the recording."""
RELAY = "/twilio/relay/{call_id}/{attempt_id}"
"""The relay's websocket."""
RELAY_ENDED = "/twilio/relay-ended/{call_id}/{attempt_id}"
"""Asked for instructions when a relay session is over."""
RESUME = "/twilio/resume/{call_id}/{attempt_id}"
"""Asked for the conversation once more, by a call that a stopping gateway sent away."""
TRANSFER = "/twilio/transfer/{call_id}/{attempt_id}/{request_id}"
"""Asked for the instructions of a transfer."""
TRANSFER_LEG = "/twilio/transfer-leg/{call_id}/{attempt_id}/{request_id}"
"""Told of the progress of the call to a transfer's target."""
TRANSFER_ENDED = "/twilio/transfer-ended/{call_id}/{attempt_id}/{request_id}"
"""Asked for instructions when a transfer failed or is over."""
VOICEMAIL = "/twilio/voicemail/{call_id}/{attempt_id}"
"""Asked for the message to leave on a machine."""

_TRY_AGAIN = "#rc=5&rp=all"
"""The carrier's connection overrides: five more attempts, whatever went wrong. By default it makes one, and none
after a time-out or a 5xx: a gateway that restarts would lose the callback. The fragment is neither sent nor signed."""


class CallbackUrls:
    """The addresses of one deployment, below the base URL under which the carrier reaches its gateway."""

    def __init__(self, public_base_url: str) -> None:
        self._base = public_base_url.rstrip("/")
        parts = urlsplit(self._base)
        secure = {"https": "wss", "http": "ws"}[parts.scheme]
        self._socket_base = parts._replace(scheme=secure).geturl()

    def inbound(self) -> str:
        """What belongs into the account, as the address of every number's calls that come in."""
        return self._base + INBOUND + _TRY_AGAIN

    def voice(self, call_id: str, attempt_id: str) -> str:
        return self._callback(VOICE, call_id, attempt_id)

    def status(self, call_id: str, attempt_id: str) -> str:
        return self._callback(STATUS, call_id, attempt_id)

    def machine(self, call_id: str, attempt_id: str) -> str:
        return self._callback(MACHINE, call_id, attempt_id)

    def recording(self, call_id: str, attempt_id: str) -> str:
        return self._callback(RECORDING, call_id, attempt_id)

    def relay(self, call_id: str, attempt_id: str) -> str:
        return self._socket_base + _path(RELAY, call_id, attempt_id)

    def relay_ended(self, call_id: str, attempt_id: str) -> str:
        return self._callback(RELAY_ENDED, call_id, attempt_id)

    def resume(self, call_id: str, attempt_id: str) -> str:
        return self._callback(RESUME, call_id, attempt_id)

    def transfer(self, call_id: str, attempt_id: str, request_id: str) -> str:
        return self._callback(TRANSFER, call_id, attempt_id, request_id)

    def transfer_leg(self, call_id: str, attempt_id: str, request_id: str) -> str:
        return self._callback(TRANSFER_LEG, call_id, attempt_id, request_id)

    def transfer_ended(self, call_id: str, attempt_id: str, request_id: str) -> str:
        return self._callback(TRANSFER_ENDED, call_id, attempt_id, request_id)

    def voicemail(self, call_id: str, attempt_id: str) -> str:
        return self._callback(VOICEMAIL, call_id, attempt_id)

    def signed(self, path: str) -> str:
        """The URL the carrier signs for a request to this raw path and query, whatever the request's headers say."""
        return self._base + path

    def signed_handshake(self, path: str) -> str:
        """The URL the carrier signs for a websocket handshake on this raw path and query."""
        return self._socket_base + path

    def _callback(self, template: str, call_id: str, attempt_id: str, request_id: str = "") -> str:
        return self._base + _path(template, call_id, attempt_id, request_id) + _TRY_AGAIN


def _path(template: str, call_id: str, attempt_id: str, request_id: str = "") -> str:
    ids = {"call_id": call_id, "attempt_id": attempt_id, "request_id": request_id}
    return template.format(**{name: quote(value, safe="") for name, value in ids.items()})
