"""The commands of the command line, put together."""

import typer

from runtime.command_line import agents, dial, do_not_call, keys, numbers, recording, records, steer, watch, webhooks
from runtime.command_line.exits import MEANINGS

_HELP = """Place phone calls, watch them, steer them, read their records.

Settings are RINGBACK_ variables of the environment; where RINGBACK_MONGODB_URI is not among them they are read from
the stack that `make up` runs here ($RUN_DIR/stack.env, .run/stack.env), else from .env.
"""


def command_line() -> typer.Typer:
    """The command line; start it with a Session as `obj`."""
    codes = "  \n".join(f"{code.value}: {meaning}" for code, meaning in MEANINGS.items())
    app = typer.Typer(
        name="starter.py",
        help=_HELP,
        epilog=f"Exit codes.  \n{codes}",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for noun in (dial, watch, records, recording, steer, webhooks, agents, numbers, do_not_call, keys):
        noun.add_to(app)
    return app
