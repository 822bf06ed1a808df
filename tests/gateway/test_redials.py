"""`redial` in a request to dial, and DELETE /v1/calls/{call_id}/redial."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.registering import Registering
from calls.limits import Capacity
from calls.model import CallOrder
from calls.policy import Policy
from calls.redials import redial_call_id, redial_request_id
from tests.gateway.conftest import Rig
from tests.gateway.engine import start_engine
from workflows.messages import Ack
from workflows.taking_back import cancel_redials

WISH = {"max_redials": 2}


@pytest.fixture(scope="module")
async def engine() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal in which nothing runs."""
    async with await start_engine() as env:
        yield env


def redial_of(order: CallOrder, number: int) -> CallOrder:
    """The order of a call's redial."""
    request_id = redial_request_id(order.request_id, number)
    more = {"redial_of": order.call_id, "redial_number": number, "redial_series": order.request_id}
    ids = {"id": request_id[:24], "call_id": redial_call_id(order.call_id, number), "request_id": request_id}
    return order.model_copy(update={**more, **ids})


async def register(rig: Rig, order: CallOrder) -> str:
    """What became of an order's registration."""
    registering = Registering(rig.parts.calls, rig.parts.agents, Policy(), Capacity())
    return (await registering.register_call(order)).outcome.value


async def placed(rig: Rig, **more: Any) -> CallOrder:
    assert (await rig.dial(call_id="busy", **more)).status_code == 201
    stored = await rig.parts.calls.find("busy")
    assert stored
    return stored.order


async def test_a_wish_is_part_of_the_request(rig: Rig) -> None:
    """The same one again is the same call; another one, or none, is refused and named."""
    await placed(rig, redial=WISH)
    assert (await rig.dial(call_id="busy", redial=WISH)).status_code == 200
    for other in ({"redial": {"max_redials": 3}}, {}, {"redial": None}):
        answer = await rig.dial(call_id="busy", **other)
        assert answer.status_code == 409
        assert "redial" in answer.json()["detail"]


async def test_a_stored_wish_is_read_as_it_was_written(rig: Rig) -> None:
    """Nothing of it is lost in the store, nor the digest of what was asked."""
    order = await placed(rig, redial=WISH)
    [asked] = rig.control.placed
    assert order == asked


async def test_a_redial_says_whose_it_is(rig: Rig) -> None:
    """Its call object names the first call; that one's names none."""
    order = await placed(rig, redial=WISH)
    assert await register(rig, redial_of(order, 1)) == "created"
    found = (await rig.http.get("/v1/calls/busy.r1")).json()
    assert (found["redial_of"], found["redial_number"]) == ("busy", 1)
    first = (await rig.http.get("/v1/calls/busy")).json()
    assert (first["redial_of"], first["redial_number"]) == (None, None)


@pytest.mark.parametrize(
    ("redial", "loc"),
    [
        ({"reasons": ["user_ended_call"]}, "reasons"),
        ({"reasons": ["boredom"]}, "reasons"),
        ({"reasons": []}, "reasons"),
        ({"max_redials": 0}, "max_redials"),
        ({"backoff_seconds": 86_401}, "backoff_seconds"),
        ({"backoff_factor": 0.5}, "backoff_factor"),
        ({"often": True}, "often"),
        (True, "redial"),
    ],
)
async def test_a_wish_that_cannot_be_granted(rig: Rig, redial: Any, loc: str) -> None:
    """A 422 that names the field; nothing is placed."""
    answer = await rig.dial(redial=redial)
    assert answer.status_code == 422
    assert loc in answer.json()["detail"][0]["loc"]
    assert await rig.nothing_happened()


async def test_taking_back_is_passed_on(rig: Rig) -> None:
    """An acknowledgement is a 202, a refusal a 409 with its reason, an unknown call a 404."""
    await placed(rig, redial=WISH)
    answer = await rig.http.delete("/v1/calls/busy/redial")
    assert (answer.status_code, answer.json()) == (202, {"accepted": True, "why": ""})
    assert rig.control.taken_back == ["busy"]
    rig.control.ack = Ack(accepted=False, why="none follows it")
    assert (await rig.http.delete("/v1/calls/busy/redial")).status_code == 409
    assert (await rig.http.delete("/v1/calls/nobody/redial")).status_code == 404
    assert (await rig.stranger.delete("/v1/calls/busy/redial")).status_code == 401


async def test_what_was_taken_back_is_never_registered(rig: Rig, engine: WorkflowEnvironment) -> None:
    """However often it is asked, and though no redial waits yet."""
    order = await placed(rig, redial=WISH)
    for _ in range(2):
        assert await cancel_redials(rig.parts.calls, engine.client, order) == Ack(accepted=True)
    assert await register(rig, redial_of(order, 1)) == "withdrawn"


async def test_the_redial_after_one_that_was_made_is_taken_back(rig: Rig, engine: WorkflowEnvironment) -> None:
    """By the first call's id or by the redial's; also when the store no longer remembers how the first was decided."""
    order = await placed(rig, redial=WISH)
    first = redial_of(order, 1)
    assert await register(rig, first) == "created"
    await rig.database.registrations.delete_many({})
    assert (await cancel_redials(rig.parts.calls, engine.client, first)).accepted
    assert await register(rig, redial_of(order, 2)) == "withdrawn"


async def test_nothing_is_left_to_take_back(rig: Rig, engine: WorkflowEnvironment) -> None:
    """When every redial was made, or none was asked for, the answer says so."""
    order = await placed(rig, redial={"max_redials": 1})
    assert await register(rig, redial_of(order, 1)) == "created"
    assert "made already" in (await cancel_redials(rig.parts.calls, engine.client, order)).why
    without = (await rig.register("plain")).order
    assert "without redial" in (await cancel_redials(rig.parts.calls, engine.client, without)).why
