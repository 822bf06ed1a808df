"""A request for a call while neither the store nor the engine can be asked what became of it."""

from typing import cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from calls.ports.agent_store import AgentStore
from calls.screening import Screening
from calls.words import Direction
from tests.fakes.call_store import FakeCallStore
from tests.workflows.stage import an_order
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


@pytest.mark.parametrize(
    ("says", "error"),
    [
        (None, PlacingUnavailableError),
        (RPCStatusCode.NOT_FOUND, PlacingUnavailableError),
        (RPCStatusCode.UNAVAILABLE, PlacingUndecidedError),
    ],
)
async def test_nobody_is_told_what_nobody_knows(says: RPCStatusCode | None, error: type[Exception]) -> None:
    """A call that the engine has asked to end, or never had, is not placed; else it may be, and only its id is safe."""
    order = an_order()
    request = order.request.model_copy(update={"direction": Direction.INBOUND})  # the shorter patience
    order = order.model_copy(update={"request": request})
    engine, store = Engine(says), FakeCallStore(is_away=True)
    desk = Desk(cast("Client", engine), store, cast("AgentStore", None), cast("Screening", None))
    with pytest.raises(PlacingUnavailableError) as raised:
        await _settle(desk, order, TimeoutError())
    assert type(raised.value) is error
    assert engine.signals == ["end"]
    assert (order.call_id in str(raised.value)) is (error is PlacingUndecidedError)
