"""MongoDB at the start of a process: reached and made ready, or missed in a sentence that says what to do."""

from adapters.mongo.database import Database, hosts_of
from adapters.mongo.indexes import ensure_indexes
from calls.ports.pages import StoreRefusedError, StoreUnavailableError
from runtime.settings import Settings


class StoreMissingError(Exception):
    """MongoDB cannot be used; the text says where it was looked for and what to do."""


async def prepare_store(database: Database, settings: Settings) -> None:
    """Reach MongoDB once and make its indexes. Raises StoreMissingError."""
    where = hosts_of(settings.mongodb_uri.get_secret_value())
    try:
        await ensure_indexes(database)
    except StoreRefusedError as error:
        raise StoreMissingError(f"{error} (at {where}): set both in RINGBACK_MONGODB_URI") from error
    except StoreUnavailableError as error:
        raise StoreMissingError(f"MongoDB does not answer at {where}: start it, or set RINGBACK_MONGODB_URI") from error
