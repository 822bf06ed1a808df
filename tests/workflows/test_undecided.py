"""A request for a call whose registration was not answered: what is said of it is true, whoever can be asked."""

from typing import cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from calls.model import CallOrder
from calls.ports.agent_store import AgentStore
from calls.records import NewCall
from calls.screening import Screening
from calls.words import Direction
from tests.adapters.mongo.orders import new_call
from tests.fakes.call_store import FakeCallStore
from tests.gateway.engine import start_engine
from tests.workflows.stage import an_order
from workflows.names import CALL_QUEUE, workflow_id
from workflows.outbound_call import OutboundCall
from workflows.placing import Desk, PlacingUnavailableError, PlacingUndecidedError, _settle


class Engine:
    """As much of a client as a request to end needs; `says` is what it answers with."""

    def __init__(self, says: RPCStatusCode | None) -> None:
        self._says = says
        self.signals: list[str] = []

    def get_workflow_handle(self, _: str) -> "Engine":
        return self

    async def signal(self, name: str) -> None:
        self.signals.append(name)
        if self._says is not None:
            raise RPCError("no", self._says, b"")


@pytest.mark.parametrize("says", [None, RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE])
@pytest.mark.parametrize("is_registered", [False, True])
async def test_without_the_store_nobody_can_tell(says: RPCStatusCode | None, *, is_registered: bool) -> None:
    """The phone may ring already, whatever the engine says; only what may not be registered is asked to end."""
    order = an_order()
    request = order.request.model_copy(update={"direction": Direction.INBOUND})  # the shorter patience
    order = order.model_copy(update={"request": request})
    engine = Engine(says)
    with pytest.raises(PlacingUndecidedError, match=order.call_id):
        await _settle(
            _desk(cast("Client", engine), FakeCallStore(is_away=True)),
            order,
            TimeoutError(),
            is_registered=is_registered,
        )
    assert engine.signals == ([] if is_registered else ["end"])


async def test_another_requests_call_is_found() -> None:
    """A repeated request is not told "never" of the call that the first one placed."""
    first, store = an_order(), FakeCallStore()
    again = first.model_copy(update={"request_id": "again"})
    await store.register(_new(first))
    placed = await _settle(_desk(cast("Client", None), store), again, TimeoutError())
    assert (placed.created, placed.stored.order.request_id) == (False, first.request_id)


async def test_a_repetition_that_is_given_up_gives_up_the_first_request_too() -> None:
    """Its workflow still waits for a worker: whoever is told that the call will never be placed is told the truth."""
    first, store = an_order(), FakeCallStore()
    again = first.model_copy(update={"request_id": "again"})
    async with await start_engine() as engine:
        desk = _desk(engine.client, store)
        await _never(desk, again)
        assert first.request_id not in store.requests, "no workflow runs"
        await engine.client.start_workflow(
            OutboundCall.run, first, id=workflow_id(first.call_id), task_queue=CALL_QUEUE
        )
        await _never(desk, again.model_copy(update={"request_id": "once more"}))
        assert store.requests[first.request_id] == "withdrawn"
        await _never(desk, first)


async def test_another_request_may_still_be_registered() -> None:
    """One that asks for something else under the same call id is not given up with ours: nobody can tell yet."""
    first, store = an_order(), FakeCallStore()
    other = first.model_copy(update={"request_id": "other", "request_sha256": "1"})
    async with await start_engine() as engine:
        await engine.client.start_workflow(
            OutboundCall.run, first, id=workflow_id(first.call_id), task_queue=CALL_QUEUE
        )
        with pytest.raises(PlacingUndecidedError):
            await _settle(_desk(engine.client, store), other, TimeoutError())
    assert first.request_id not in store.requests


async def test_an_engine_that_is_away_starts_nothing() -> None:
    """The request is given up at the store, and that is all there is to know."""
    async with await start_engine() as engine:
        desk = _desk(engine.client, FakeCallStore())
    await _never(desk, an_order())


async def _never(desk: Desk, order: CallOrder) -> None:
    with pytest.raises(PlacingUnavailableError) as raised:
        await _settle(desk, order, TimeoutError())
    assert type(raised.value) is PlacingUnavailableError


def _new(order: CallOrder) -> NewCall:
    return new_call(order.call_id).model_copy(update={"order": order})


def _desk(client: Client, store: FakeCallStore) -> Desk:
    return Desk(client, store, cast("AgentStore", None), cast("Screening", None))
