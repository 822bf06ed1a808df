"""The customers of a run: they place calls over HTTP, repeat themselves, change their minds, and make mistakes."""

import asyncio
import json
import time
from http import HTTPStatus
from typing import Any

import aiohttp
from temporalio.client import Client
from temporalio.service import RPCError

from bench.chaos.deeds import NO_ANSWER, Deeds, Mischief, OrderGiven, Post
from bench.chaos.mischief import CALLER, DIAL, MISCHIEF, filled
from bench.chaos.plan import Order, PlannedCall, PlannedMischief

PATIENCE_SECONDS = 60.0
"""Longer than any answer of the API may take."""
_PAUSE_SECONDS = 1.0
_PERSISTENCE_SECONDS = 60.0
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError)


class Customers:
    """Everybody with an API key. `agents` are agent ids by the name that the cast uses."""

    def __init__(self, session: aiohttp.ClientSession, engine: Client, agents: dict[str, str], deeds: Deeds) -> None:
        self._session = session
        self._engine = engine
        self._agents = agents
        self._deeds = deeds
        self._open = asyncio.Semaphore(64)  # requests at once, so that an outage makes no storm

    async def call(self, planned: PlannedCall, agent: str) -> None:
        """Place one call with everything that is planned for it."""
        body = {
            "from_number": CALLER,
            "to_number": planned.to_number,
            "direction": "outbound",
            "call_id": planned.call_id,
            "override_ai_agent_id": self._agents[agent],
            "metadata": {"story": planned.story},
        }
        async with asyncio.TaskGroup() as group:
            for after in planned.repeats:
                group.create_task(self._again(planned.call_id, body, after))
            if await self._place(planned, body):
                if planned.order is not None:
                    group.create_task(self.order(planned.call_id, planned.order))
                if planned.conflicts:
                    other = {**body, "to_number": f"+1302{planned.to_number[-7:]}"}
                    await self._post(planned.call_id, other, "conflict")

    async def _place(self, planned: PlannedCall, body: dict[str, Any]) -> bool:
        """Ask until there is an answer; after a clear no a customer may leave it at that."""
        until = time.time() + _PERSISTENCE_SECONDS
        while True:
            post = await self._post(planned.call_id, body, "call")
            if post.status in (HTTPStatus.OK, HTTPStatus.CREATED):
                return True
            refused = post.status != NO_ANSWER and not planned.persistent
            if refused or post.status in range(400, 500) or time.time() > until:
                return False
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _again(self, call_id: str, body: dict[str, Any], after: float) -> None:
        await asyncio.sleep(after)
        await self._post(call_id, body, "repetition")

    async def _post(self, call_id: str, body: dict[str, Any], purpose: str) -> Post:
        async with self._open:
            post = Post(call_id, purpose, time.time())
            self._deeds.posts.append(post)
            post.status, text = await self._ask(DIAL, json.dumps(body))
            post.answered_at = time.time()
        if post.status in (HTTPStatus.OK, HTTPStatus.CREATED):
            post.record_id = json.loads(text)["_id"]
        else:
            post.said = text[:300]
        return post

    async def order(self, call_id: str, order: Order) -> None:
        """Give one order to a call, when its time has come."""
        await asyncio.sleep(order.after)
        given = OrderGiven(call_id, order.kind, time.time(), to_number=order.to_number)
        self._deeds.orders.append(given)
        if order.kind == "cancel":
            given.status = await self._cancel(call_id)
        else:
            given.status = await self._tell(call_id, order)
        given.answered_at = time.time()

    async def _cancel(self, call_id: str) -> int:
        """The main button of the engine's Web UI; the workflow's id is documented as call-<call_id>."""
        try:
            await self._engine.get_workflow_handle(f"call-{call_id}").cancel()
        except RPCError:
            return NO_ANSWER
        return HTTPStatus.ACCEPTED

    async def _tell(self, call_id: str, order: Order) -> int:
        body = {"request_id": f"{order.kind}-1"} | ({"to_number": order.to_number} if order.to_number else {})
        status = NO_ANSWER
        for _ in range(3):  # the same request id again changes nothing
            status, _ = await self._ask(f"/v1/calls/{call_id}/{order.kind}", json.dumps(body))
            if status not in (NO_ANSWER, HTTPStatus.SERVICE_UNAVAILABLE):
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        return status

    async def err(self, planned: PlannedMischief) -> None:
        """Send one bad request."""
        kind, marker = MISCHIEF[planned.kind], f"bad-{planned.number:05d}"
        to_number = f"+1303{planned.number:07d}"
        done = Mischief(planned.kind, marker, to_number, kind.status, time.time())
        self._deeds.mischief.append(done)
        fills = {"marker": marker, "to_number": to_number, "agent": self._agents["plain"]}
        headers = {} if kind.keyed else {"Authorization": ""}
        done.status, said = await self._ask(filled(kind.path, **fills), filled(kind.body, **fills), headers)
        done.said = said[:300]

    async def _ask(self, path: str, body: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {"Content-Type": "application/json", **(headers or {})}
        try:
            async with self._session.post(path, data=body, headers=headers) as answer:
                return answer.status, await answer.text()
        except _BROKEN:
            return NO_ANSWER, ""
