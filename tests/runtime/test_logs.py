"""What the processes write while they work."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.logs import JsonLines, TextLines, mask

ROOT = Path(__file__).parents[2]

# A process of its own, since configuring logging changes it for everybody in the process.
PROGRAM = """
import logging, sys, warnings
import uvicorn.config, logging.config
logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)
from runtime import logs
logs.configure("INFO", sys.argv[1], "gateway")
logs.configure("INFO", sys.argv[1], "gateway")
logging.getLogger("calls").info("ringing %s", "+14155550101", extra={"call_id": "c1", "to": "+442071838750"})
logging.getLogger("uvicorn.error").info("started")
logging.getLogger("uvicorn.access").info("GET /")
logging.getLogger("temporalio.worker").warning("late")
logging.getLogger("calls").debug("unseen")
try:
    raise ValueError("no such number +14155550102")
except ValueError:
    logging.getLogger("calls").exception("failed")
"""


def lines_of(line_format: str) -> list[str]:
    run = subprocess.run(  # noqa: S603  # this file's own program
        [sys.executable, "-c", PROGRAM, line_format], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    return run.stderr.splitlines()


def test_text_lines_are_utc_and_masked() -> None:
    """One line each with UTC time, level, process and logger; guests write the same lines, and only once."""
    ringing, started, late, failed, *traceback = lines_of("text")
    when = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"{when} INFO gateway calls: ringing \+1•••0101 call_id=c1", ringing)
    assert started.endswith("INFO gateway uvicorn.error: started")
    assert late.endswith("WARNING gateway temporalio.worker: late")
    assert failed.endswith("ERROR gateway calls: failed")
    assert traceback[-1] == "ValueError: no such number +1•••0102"


def test_json_lines_carry_what_was_given() -> None:
    """Every line is one object, with the extra fields and the traceback inside, masked."""
    ringing, _, _, failed = [json.loads(line) for line in lines_of("json")]
    assert ringing["message"] == "ringing +1•••0101"
    assert ringing["call_id"] == "c1"
    assert ringing["to"] == "+4•••8750"
    assert ringing["process"] == "gateway"
    assert ringing["time"].endswith("Z")
    assert "no such number +1•••0102" in failed["exception"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("To=%2B14155550101&From=x", "To=%2B1•••0101&From=x"),
        ("+14155550101,+442071838750", "+1•••0101,+4•••8750"),
        ("+290123456", "+2•••3456"),
        ("+491234567890123", "+4•••0123"),
        ("2+2=4, +123 and a sum of +0123456789", "2+2=4, +123 and a sum of +0123456789"),
        ("at 2026-11-23T18:00:00+00:00", "at 2026-11-23T18:00:00+00:00"),
    ],
)
def test_only_telephone_numbers_are_masked(text: str, masked: str) -> None:
    """A number needs its plus (or %2B) and E.164's digits."""
    assert mask(text) == masked


@pytest.mark.parametrize("lines", [TextLines("p"), JsonLines("p")])
def test_what_cannot_be_formatted_is_not_hidden(lines: logging.Formatter) -> None:
    """An odd `extra` is written as its text."""
    record = logging.makeLogRecord({"msg": "m", "name": "n", "levelname": "INFO", "path": Path("x")})
    assert "m" in lines.format(record)


def test_a_stranger_writes_no_line_of_its_own() -> None:
    """An address that somebody asked for may hold anything: it stays within its line, and moves no terminal."""
    record = logging.makeLogRecord({"msg": "refused: %s", "args": ("/x\n2026 ERROR lost\x1b[2J\u2028",), "name": "g"})
    assert TextLines("p").format(record).endswith(r"g: refused: /x\n2026 ERROR lost\x1b[2J\u2028")
    failed = logging.makeLogRecord({"msg": "failed", "exc_info": (ValueError, ValueError("why"), None)})
    assert TextLines("p").format(failed).splitlines()[1:] == ["ValueError: why"]
