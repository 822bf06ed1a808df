"""What a command shows: text for people, or JSON and nothing else on stdout for programs."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console, RenderableType
from rich.text import Text

from runtime.command_line.exits import Exit

_PIPE_COLUMNS = 240
"""How wide a table may become where there is no terminal to fit into."""


class StatusLine(Protocol):
    """The one line below everything else that is rewritten while something goes on."""

    def update(self, status: str) -> None: ...


class _Pipe(Console):
    """Lets a broken pipe be known; rich would leave with exit code 1, which means something here."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _NoStatusLine:
    def update(self, status: str) -> None:
        """Where nothing can be rewritten, nothing is shown."""


class Screen:
    """The terminal, pipe or file that a command writes to. Remarks and errors go to stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        is_terminal = sys.stdout.isatty()
        self._out = _Pipe(highlight=False, width=None if is_terminal else _PIPE_COLUMNS)
        self._err = _Pipe(stderr=True, highlight=False, soft_wrap=True)

    def give(self, value: Any, shown: RenderableType) -> None:
        """A command's result: one line of JSON for programs, or what people are shown."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            self._out.print(shown, soft_wrap=isinstance(shown, Text | str))

    def show(self, shown: RenderableType) -> None:
        """Something that only people need."""
        if not self.as_json:
            self._out.print(shown, soft_wrap=isinstance(shown, Text | str))

    def page(self, listing: Mapping[str, Any], shown: RenderableType, count: int) -> None:
        """A page of a listing, and where the next one begins."""
        self.give(listing, shown)
        if listing["next_page_token"] and not self.as_json:
            self.remark(f"{count} of {listing['total_count']}; the next: --page-token {listing['next_page_token']}")

    def remark(self, text: str) -> None:
        """Something to know that is not the result."""
        self._err.print(Text(text))

    def fault(self, text: str, code: Exit) -> None:
        """Why the command failed; programs find it on stdout too."""
        if self.as_json:
            self.give({"error": {"kind": code.name.lower(), "message": text, "exit_code": int(code)}}, "")
        self._err.print(Text(text, style="red"))

    @contextmanager
    def status_line(self, first: str) -> Iterator[StatusLine]:
        """A line that can be rewritten, on a terminal; else nothing."""
        if self.as_json or not self._out.is_terminal:
            yield _NoStatusLine()
            return
        with self._out.status(first, refresh_per_second=4) as status:
            yield status


def clean(text: str) -> str:
    """What others said, without anything that could steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def rows(pairs: Mapping[str, str | None]) -> Text:
    """Name and value, a line each; what has no value is left out."""
    known = {name: value for name, value in pairs.items() if value is not None}
    width = max((len(name) for name in known), default=0) + 2
    lines = [Text.assemble((name.ljust(width), "dim"), clean(value)) for name, value in known.items()]
    return Text("\n").join(lines)
