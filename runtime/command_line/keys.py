"""`key new`: an API key for a client of the HTTP API."""

import hashlib
import secrets

import typer

from runtime.command_line.screen import Screen, rows
from runtime.command_line.session import AsJson

_SETTING = "RINGBACK_API_KEY_SHA256S"


def add_to(app: typer.Typer) -> None:
    """Give the command line this command."""
    noun = typer.Typer(help="API keys.", no_args_is_help=True)
    noun.callback()(_keys)
    noun.command()(new)
    app.add_typer(noun, name="key")


def _keys() -> None:
    """API keys of the HTTP API."""


def new(as_json: AsJson = False) -> None:
    """Make an API key. The key is shown this once; the gateway is told its digest and never the key."""
    key = f"rk_{secrets.token_urlsafe(24)}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    screen = Screen(as_json=as_json)
    screen.give({"api_key": key, "sha256": digest}, rows({"API key": key, "SHA-256": digest}))
    screen.remark(f"Give the key to the client; add the digest to {_SETTING} (commas between them) of the gateway.")
