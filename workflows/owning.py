"""Which calls a running workflow owns: asked of the engine itself."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from calls.ports.owners import OwnersUnavailableError
from workflows.names import workflow_id

LOST: Final = "lost"
"""How the story of a call ended of which the engine knows nothing: its data is gone, or its retention is over."""
_PATIENCE = timedelta(seconds=5)
_IDS_A_QUERY = 100


class TemporalCallOwners:
    """Asks Temporal. A listing comes first, because it is cheap; only who is not on it is asked for one by one.

    A listing is behind the truth by moments: a call that it does not show as running may just have begun, and is
    described; one that it still shows is found by the next look.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def unowned(self, call_ids: Sequence[str]) -> Mapping[str, str]:
        """Those of the calls that no running workflow owns, each with how its last one ended."""
        gone: dict[str, str] = {}
        try:
            for start in range(0, len(call_ids), _IDS_A_QUERY):
                some = call_ids[start : start + _IDS_A_QUERY]
                running = await self._running([workflow_id(call_id) for call_id in some])
                for call_id in some:
                    if workflow_id(call_id) not in running and (ended := await self._ended(call_id)):
                        gone[call_id] = ended
        except RPCError as error:
            raise OwnersUnavailableError(f"Temporal does not say which calls it runs: {error}") from error
        return gone

    async def _running(self, ids: Sequence[str]) -> set[str]:
        if len(ids) == 1:
            return set()  # one description is as cheap as one listing, and true
        quoted = ", ".join(f'"{one}"' for one in ids)
        query = f'ExecutionStatus = "Running" AND WorkflowId IN ({quoted})'
        return {found.id async for found in self._client.list_workflows(query, page_size=1000, rpc_timeout=_PATIENCE)}

    async def _ended(self, call_id: str) -> str | None:
        """How the call's latest workflow ended; None while it runs."""
        try:
            described = await self._client.get_workflow_handle(workflow_id(call_id)).describe(rpc_timeout=_PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return LOST
            raise
        status = described.status
        if status in (None, WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW):
            return None
        return status.name.lower()
