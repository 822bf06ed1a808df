"""The connection to MongoDB, and how its failures are told.

Times are kept to the millisecond, as BSON does, and come back in UTC.
"""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from datetime import UTC
from typing import Any, ParamSpec, TypeVar

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from calls.ports.pages import StoreRefusedError, StoreUnavailableError

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]

SELECTION_MS = 3_000
"""How long a primary is looked for: longer than an election takes, shorter than a caller's patience."""
SOCKET_MS = 6_000
"""How long a server may be silent in the middle of an operation: longer than a write waits for its majority."""
ANSWER_SECONDS = 8.0
"""How long whoever asks a store is kept waiting, the driver's second try and its queue of threads included: so short
that a carrier, which waits 15 s for us, still hears that we cannot answer."""
MAJORITY_MS = 5_000
"""How long a write waits for the majority's word."""

_SCHEMES = ("mongodb://", "mongodb+srv://")
_NOT_LET_IN = (13, 18, 8000)
"""Unauthorized, AuthenticationFailed, and what Atlas says for both."""

P = ParamSpec("P")
R = TypeVar("R")


def refuse_bad_uri(uri: str) -> None:
    """Say what is wrong with a connection string, without repeating it. Raises ValueError.

    Nobody is asked: one that names hosts by a DNS record is read as if it named a host.
    """
    if not uri.startswith(_SCHEMES):
        raise ValueError("must start with mongodb:// or mongodb+srv://")
    try:
        parse_uri(f"{_SCHEMES[0]}{uri.partition('://')[2]}", validate=False)
    except (PyMongoError, ValueError):
        what = "cannot be read: it is mongodb://user:password@host:27017/?options, with @ : / % in user and password "
        raise ValueError(f"{what}percent-encoded (@ is %40)") from None


def hosts_of(uri: str) -> str:
    """Where a connection string leads, without what may be secret in it: user, password, options."""
    return uri.partition("://")[2].partition("?")[0].partition("/")[0].rpartition("@")[2]


def connect(uri: str, database_name: str, *, selection_ms: int = SELECTION_MS) -> Database:
    """The database, not yet spoken to; close it with `database.client.close()`.

    Writes are acknowledged by the journals of a majority, and reads see only such writes: what was once answered
    cannot be rolled back by an election.
    """
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        uri,
        appname="ringback",
        serverSelectionTimeoutMS=selection_ms,
        connectTimeoutMS=SELECTION_MS,
        socketTimeoutMS=SOCKET_MS,
        uuidRepresentation="standard",
    )
    return client.get_database(
        database_name,
        codec_options=CodecOptions(tz_aware=True, tzinfo=UTC),
        write_concern=WriteConcern(w="majority", j=True, wtimeout=MAJORITY_MS),
        read_concern=ReadConcern("majority"),
    )


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's word for "no answer" into the port's; everything else is ours to mend and passes."""
    try:
        yield
    except PyMongoError as error:
        if _not_let_in(error):
            what = "MongoDB does not accept user and password, or does not let them do this"
            raise StoreRefusedError(what) from error
        if isinstance(error, ConnectionFailure) or error.timeout:
            raise StoreUnavailableError(f"MongoDB did not answer: {type(error).__name__}") from error
        raise


def _not_let_in(error: PyMongoError) -> bool:
    """Whether the server refuses us; after the first refusal the driver only says that it found no primary."""
    if isinstance(error, OperationFailure):
        return error.code in _NOT_LET_IN
    return isinstance(error, ServerSelectionTimeoutError) and "AuthenticationFailed" in str(error)


def asking(method: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make an async method of a store raise StoreUnavailableError when MongoDB does not answer in `ANSWER_SECONDS`.

    What nobody waits for any more may still be done, as after every answer that was lost.
    """

    @functools.wraps(method)
    async def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                with translated():
                    return await method(*args, **kwargs)
        except TimeoutError as error:
            raise StoreUnavailableError(f"MongoDB did not answer within {ANSWER_SECONDS:g} s") from error

    return asked


@asking
async def ping(database: Database) -> None:
    """Ask for a sign of life. Raises StoreUnavailableError."""
    await database.command("ping")
