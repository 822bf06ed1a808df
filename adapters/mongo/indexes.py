"""Which indexes the collections have; created and asserted when a process starts."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pymongo import ASCENDING

from adapters.mongo.database import Database, asking, translated

TWO_DAYS = 172_800
MONTH = 2_592_000
SIX_MONTHS = 15_552_000


class Index(NamedTuple):
    """One index: its fields (all ascending; MongoDB reads an index both ways) and what it promises."""

    collection: str
    fields: tuple[str, ...]
    unique: bool = False
    expire_after_seconds: int | None = None

    @property
    def name(self) -> str:
        """The name MongoDB would give it."""
        return "_".join(f"{field}_1" for field in self.fields)


INDEXES: tuple[Index, ...] = (
    Index("calls", ("call_id",), unique=True),
    Index("calls", ("registered_at", "_id")),
    Index("calls", ("agent_id", "registered_at", "_id")),
    Index("calls", ("to_number", "registered_at", "_id")),
    Index("calls", ("from_number", "registered_at", "_id")),
    Index("calls", ("progress.status", "registered_at", "_id")),
    Index("calls", ("progress.finish_reason", "registered_at", "_id")),
    Index("calls", ("progress.start_time",)),
    Index("calls", ("progress.end_time",)),
    Index("calls", ("progress.complete", "registered_at", "_id")),
    Index("calls", ("progress.carrier_call_id",)),
    Index("calls", ("claim.carrier_call_id",)),
    Index("calls", ("progress.over", "admission.state")),
    Index("registrations", ("at",), expire_after_seconds=MONTH),
    Index("messages", ("call_id", "seq"), unique=True),
    Index("pulses", ("pulse.at",), expire_after_seconds=TWO_DAYS),
    Index("late_facts", ("call_id", "at")),
    Index("late_facts", ("carrier_call_id",)),
    Index("late_facts", ("at",), expire_after_seconds=SIX_MONTHS),
    Index("webhook_deliveries", ("call_id", "position"), unique=True),
    Index("numbers", ("phone_number",), unique=True),
    Index("numbers", ("outbound_ai_agent_id",)),
    Index("numbers", ("inbound_ai_agent_id",)),
    Index("do_not_call", ("phone_number",), unique=True),
    Index("recordings.files", ("filename",), unique=True),
    Index("recordings.chunks", ("files_id", "n"), unique=True),
)


class IndexesMissingError(Exception):
    """Indexes that the stores rely on do not exist, or not as they should."""


async def ensure_indexes(database: Database) -> None:
    """Create every index that is not there yet, then assert them all. Takes as long as it takes.

    Raises StoreUnavailableError, IndexesMissingError, and the driver's OperationFailure when data contradicts a unique
    index.
    """
    with translated():
        for index in INDEXES:
            await _let_expire(database, index)
            options: dict[str, Any] = {"unique": index.unique, "name": index.name}
            if index.expire_after_seconds is not None:
                options["expireAfterSeconds"] = index.expire_after_seconds
            await database[index.collection].create_index([(field, ASCENDING) for field in index.fields], **options)
    await check_indexes(database)


async def _let_expire(database: Database, index: Index) -> None:
    """Have an index that is there already, from an earlier release, keep documents as long as it should by now."""
    if index.expire_after_seconds is None:
        return
    known = (await database[index.collection].index_information()).get(index.name)
    if known and known.get("expireAfterSeconds") != index.expire_after_seconds:
        change = {"name": index.name, "expireAfterSeconds": index.expire_after_seconds}
        await database.command("collMod", index.collection, index=change)


@asking
async def check_indexes(database: Database) -> None:
    """Assert that every index exists and promises what it should. Raises IndexesMissingError."""
    known = {
        collection: await database[collection].index_information()
        for collection in sorted({index.collection for index in INDEXES})
    }
    wrong = [f"{index.collection}.{index.name}" for index in INDEXES if not _promised(index, known[index.collection])]
    if wrong:
        raise IndexesMissingError(f"missing or different: {', '.join(wrong)}")


def _promised(index: Index, known: Mapping[str, Mapping[str, Any]]) -> bool:
    found = known.get(index.name)
    return (
        found is not None
        and bool(found.get("unique")) == index.unique
        and found.get("expireAfterSeconds") == index.expire_after_seconds
    )
