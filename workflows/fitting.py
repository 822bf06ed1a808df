"""Signals and updates that a workflow cannot take: dropped or refused, in place of failing its task for ever.

The engine keeps what was sent, whoever sent it, and gives it to the handler at every replay. A handler that cannot be
called with it would stop the call's story for good; people do send empty signals from the Web UI.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)


class OnlyWhatFits(Interceptor):
    """Keeps from every workflow of a worker what has too few or too many arguments."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the engine's name
    ) -> type[WorkflowInboundInterceptor]:
        """What stands before each workflow."""
        return _Guard


class _Guard(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002 - the engine's name
        if not _fits(workflow.get_signal_handler(input.signal), input.args):
            workflow.logger.warning("signal %s ignored: it does not come with %d inputs", input.signal, len(input.args))
            return
        await super().handle_signal(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002 - the engine's name
        if not _fits(workflow.get_update_handler(input.update), input.args):
            raise ApplicationError(
                f"{input.update} does not come with {len(input.args)} inputs", type="Misfit", non_retryable=True
            )
        return await super().handle_update_handler(input)


def _fits(handler: Callable[..., Any] | None, args: Sequence[Any]) -> bool:
    if handler is None:
        return True  # the engine says so itself
    try:
        inspect.signature(handler).bind(*args)
    except TypeError:
        return False
    return True
