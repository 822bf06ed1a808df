"""Taking the redial back that is still to come after a call.

The store decides, as it does for every registration: what is withdrawn there can never be registered, and what is not
registered is never dialled. So it needs no worker, and it does not matter how far the redial has come.
"""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

from calls.model import CallOrder
from calls.ports.call_store import CallStore
from calls.redials import first_of, redial_call_id, redial_request_id
from workflows.messages import Ack
from workflows.names import redial_workflow_id

_ENGINE_PATIENCE_SECONDS: Final = 3.0


async def cancel_redials(calls: CallStore, client: Client, order: CallOrder) -> Ack:
    """Withdraw the first redial that is not made yet; without it none of those after it comes about either.

    Raises StoreUnavailableError, and then nothing is certain. The engine is only told so that nobody waits in vain.
    """
    policy, first = order.request.redial, first_of(order)
    if policy is None:
        return Ack(accepted=False, why="the call was placed without redial: none follows it")
    series = order.redial_series or order.request_id
    for number in range(1, policy.max_redials + 1):
        call_id, request_id = redial_call_id(first, number), redial_request_id(series, number)
        made = await calls.find(call_id)
        if made is not None and made.order.request_id == request_id:
            continue  # asked for first: the store remembers a request's outcome for a month only, a call for good
        if await calls.withdraw(request_id, datetime.now(UTC)):
            await _wake(client, call_id)
            return Ack(accepted=True)
    return Ack(accepted=False, why="every redial was made already: end the one that is up as you end any call")


async def _wake(client: Client, call_id: str) -> None:
    """Cancel the workflow in which the redial waits, if it does."""
    with contextlib.suppress(RPCError, TimeoutError):
        async with asyncio.timeout(_ENGINE_PATIENCE_SECONDS):
            await client.get_workflow_handle(redial_workflow_id(call_id)).cancel()
