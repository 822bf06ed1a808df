"""What a worker can do, held against what the code has."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

import activities
import workflows
from runtime.settings import WorkerSettings
from runtime.wiring.engine import EngineUnreachableError
from runtime.wiring.worker import Verbs, prepare_engine, workers
from tests.gateway.engine import start_engine

SETTINGS = {
    "public_base_url": "https://calls.example.com",
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": "t" * 32,
    "access_token_secret": "s" * 32,
    "mongodb_uri": "mongodb://127.0.0.1",
}


async def _names(which: str) -> set[str]:
    """The names of all activities or workflows that the workers of a process have."""
    verbs = {name: kind.__new__(kind) for name, kind in inspect.get_annotations(Verbs, eval_str=True).items()}
    async with await start_engine() as engine:
        found: list[Worker] = list(workers(engine.client, Verbs(**verbs), WorkerSettings.model_validate(SETTINGS)))
        return {one.__name__ for worker in found for one in worker.config().get(which, ())}  # type: ignore[attr-defined]


def _classes(package: ModuleType) -> list[type]:
    names = [f"{package.__name__}.{one.name}" for one in pkgutil.iter_modules(package.__path__)]
    return [one for name in names for one in vars(importlib.import_module(name)).values() if inspect.isclass(one)]


async def test_a_worker_has_every_verb() -> None:
    """An activity that no worker knows would have its workflow wait for ever."""
    functions = [one for kind in _classes(activities) for one in vars(kind).values() if inspect.isfunction(one)]
    defined = {one.__name__ for one in functions if "__temporal_activity_definition" in vars(one)}
    assert await _names("activities") == defined


async def test_a_worker_knows_every_workflow() -> None:
    """The same."""
    defined = {one.__name__ for one in _classes(workflows) if "__temporal_workflow_definition" in vars(one)}
    assert await _names("workflows") == defined


class GoneAgain:
    """A Temporal that was reached, and is not there any more."""

    namespace = "default"

    @property
    def operator_service(self) -> "GoneAgain":
        return self

    async def list_search_attributes(self, *_: Any, **__: Any) -> None:
        raise RPCError("tcp connect error", RPCStatusCode.UNAVAILABLE, b"")


async def test_a_temporal_that_goes_away_at_the_start_is_named() -> None:
    """In a sentence, as one that was never there."""
    with pytest.raises(EngineUnreachableError, match=r"127\.0\.0\.1:7233 could not be prepared \(UNAVAILABLE"):
        await prepare_engine(GoneAgain(), WorkerSettings.model_validate(SETTINGS))  # type: ignore[arg-type]
