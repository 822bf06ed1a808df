"""The command line, put together: every concrete class it uses is named here and nowhere else."""

import asyncio
import contextlib
import os
import sys
import traceback
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn

from temporalio.client import Client

from adapters.mongo.agent_store import MongoAgentStore
from adapters.mongo.archive import MongoRecordingArchive
from adapters.mongo.call_store import MongoCallStore
from adapters.mongo.database import connect, hosts_of
from adapters.mongo.delivery_store import MongoDeliveryStore
from adapters.mongo.do_not_call_list import MongoDoNotCallList
from adapters.mongo.indexes import ensure_indexes
from calls.call_object import Rendering
from calls.ports.pages import StoreRefusedError, StoreUnavailableError
from runtime.command_line.app import command_line
from runtime.command_line.exits import CommandError, Exit
from runtime.command_line.parts import Parts
from runtime.command_line.session import Session
from runtime.leaving import leave
from runtime.logs import configure
from runtime.setting_problems import ENV_FILE_VARIABLE
from runtime.settings import StarterSettings, load_settings
from runtime.wiring.addressing import access_tokens, api_origin
from runtime.wiring.engine import EngineUnreachableError, connect_engine
from runtime.wiring.screening import screening
from workflows.placing import PlacingUnavailableError

_CONNECT_SECONDS = 4.0
_MONGODB_URI = "RINGBACK_MONGODB_URI"


def run() -> NoReturn:
    """Run the command that the arguments name, and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # speech holds characters that a terminal may not know
    try:
        command_line()(obj=Session(opened), prog_name="starter.py")
        code = int(Exit.OK)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(Exit.FAULT)
    except BrokenPipeError:
        code = int(Exit.UNREAD)
    except Exception:  # noqa: BLE001 - the edge of the process
        traceback.print_exc()
        code = int(Exit.FAULT)
    leave(code)


def stack_file(environment: Mapping[str, str]) -> Path | None:
    """The settings of the stack that runs here, where the environment has none of its own."""
    if environment.get(_MONGODB_URI) or environment.get(ENV_FILE_VARIABLE):
        return None
    file = Path(environment.get("RUN_DIR") or ".run") / "stack.env"
    return file if file.exists() else None


@asynccontextmanager
async def opened() -> AsyncIterator[Parts]:
    """The parts of one command, closed afterwards. Raises ConfigurationError."""
    file = stack_file(os.environ)
    settings = load_settings("starter", file)
    configure("WARNING", settings.log_format, "starter")
    uri = settings.mongodb_uri.get_secret_value()
    database = connect(uri, settings.mongodb_database)
    calls, do_not_call = MongoCallStore(database), MongoDoNotCallList(database)
    try:
        with _saying_where(uri, file):
            yield Parts(
                calls=calls,
                agents=MongoAgentStore(database),
                archive=MongoRecordingArchive(database),
                deliveries=MongoDeliveryStore(database),
                do_not_call=do_not_call,
                engine=_Engine(settings).connected,
                make_indexes=partial(ensure_indexes, database),
                rendering=Rendering(api_origin(settings), access_tokens(settings)),
                gives_access_tokens=settings.access_token_secret is not None,
                web_ui_of_namespace=f"{settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}",
                allow_insecure_agent_urls=settings.allow_insecure_agent_urls,
                screening=screening(settings, calls, do_not_call),
            )
    finally:
        database.client.close()


class _Engine:
    """Connects to Temporal once, when first asked."""

    def __init__(self, settings: StarterSettings) -> None:
        self._settings = settings
        self._client: Client | None = None

    async def connected(self) -> Client:
        if self._client is None:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    self._client = await connect_engine(self._settings)
            except TimeoutError as error:
                address = self._settings.temporal_address
                raise EngineUnreachableError(
                    f"Temporal did not answer at {address} within {_CONNECT_SECONDS:g} s: start it, "
                    "or set RINGBACK_TEMPORAL_ADDRESS"
                ) from error
        return self._client


@contextlib.contextmanager
def _saying_where(uri: str, file: Path | None) -> Iterator[None]:
    """Let a failure of the store say where it was looked for, without the password, and what to do."""
    try:
        yield
    except (StoreUnavailableError, PlacingUnavailableError) as error:
        if not isinstance(error, StoreUnavailableError) and not isinstance(error.__cause__, StoreUnavailableError):
            raise
        hosts = hosts_of(uri)
        source = f"{_MONGODB_URI} in {file}" if file else _MONGODB_URI
        if isinstance(error, StoreRefusedError) or isinstance(error.__cause__, StoreRefusedError):
            what = f"MongoDB at {hosts} does not let us in: set user and password in {source} right"
            raise CommandError(what, Exit.BAD_INPUT) from error
        raise CommandError(
            f"{error} at {hosts} ({source}): start it, or set {_MONGODB_URI}", Exit.UNREACHABLE
        ) from error
