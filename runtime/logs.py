"""Logging of our processes: one line each to stderr, UTC, with every telephone number masked."""

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Literal

# E.164 with its plus, also where the plus was written as %2B in an address.
_PHONE_NUMBER = re.compile(r"(\+|%2[Bb])([1-9])\d{2,10}(\d{4})(?!\d)")
# Loggers that bring handlers or levels of their own, and the least that is worth reading of them.
_GUESTS: Mapping[str, int] = {
    "uvicorn": logging.INFO,
    "uvicorn.error": logging.INFO,
    "uvicorn.access": logging.WARNING,
    "temporalio": logging.INFO,
    "twilio.http_client": logging.WARNING,
    "pymongo": logging.WARNING,
    "websockets": logging.WARNING,
    "asyncio": logging.WARNING,
}
# The extras that stand in a text line too; guests put their own bookkeeping there.
_SHOWN = ("call_id", "server")
# What would begin a line of its own, or speak to a terminal.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def mask(text: str) -> str:
    """`+14155550101` → `+1•••0101`: enough to recognise a call, too little to ring anybody."""
    return _PHONE_NUMBER.sub(r"\1\2•••\3", text)


class TextLines(logging.Formatter):
    """`2026-11-23T18:00:00.123Z WARNING worker calls.dial: message`, and the traceback below it."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, process_name: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)s {process_name} %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Mask the finished text, so that numbers in arguments and tracebacks are masked too."""
        return mask(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is the standard library's
        """One line whatever was logged, a stranger's line breaks escaped; whom it is about stands at its end."""
        about = ((name, getattr(record, name, None)) for name in _SHOWN)
        message = record.message + "".join(f" {name}={value}" for name, value in about if value is not None)
        shown = logging.makeLogRecord({**vars(record), "message": _CONTROLS.sub(_escaped, message)})
        return super().formatMessage(shown)


class JsonLines(TextLines):
    """One JSON object a line: time, level, process, logger, message, and whatever was given as `extra`."""

    def __init__(self, process_name: str) -> None:
        super().__init__(process_name)
        self._process_name = process_name

    def format(self, record: logging.LogRecord) -> str:
        """Values that JSON does not know are written as their text."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "process": self._process_name,
            "logger": record.name,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return mask(json.dumps(line, default=str, ensure_ascii=False))


def _escaped(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode("ascii")


def configure(level: str, line_format: Literal["text", "json"], process_name: str) -> None:
    """Send everything that this process logs to stderr, in one format; calling again replaces the first."""
    lines = logging.StreamHandler()
    lines.setFormatter(JsonLines(process_name) if line_format == "json" else TextLines(process_name))
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(level)
    for name, least in _GUESTS.items():
        guest = logging.getLogger(name)
        guest.handlers.clear()
        guest.propagate = True
        guest.setLevel(max(least, root.level))
    logging.captureWarnings(capture=True)
