"""The connection to the engine, the same for every process that speaks to it."""

import functools
import logging
from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from runtime.settings import Settings
from workflows.names import SEARCH_ATTRIBUTES

_PATIENCE = timedelta(seconds=10)
_ENGINE_LOG = "error,temporalio_sdk_core=warn,temporalio_client=warn,temporalio_sdk_core::worker::activities=error"
"""What the SDK's core may say. Its activities warn of watches that outlived their call, which is as meant."""


class EngineUnreachableError(Exception):
    """Temporal could not be reached; the text says where it was looked for and what to do."""


@functools.cache
def _engine_runtime() -> Runtime:
    """One per process: its core logs through Python's logging, in the process's own format."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=_ENGINE_LOG, forwarding=forwarding)))


async def connect_engine(settings: Settings) -> Client:
    """A client of the engine. Raises EngineUnreachableError."""
    api_key = settings.temporal_api_key
    try:
        client = await Client.connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            api_key=api_key.get_secret_value() if api_key else None,
            tls=settings.temporal_tls,
            data_converter=pydantic_data_converter,
            runtime=_engine_runtime(),
        )
    except (RuntimeError, RPCError) as error:
        raise EngineUnreachableError(
            f"Temporal does not answer at {settings.temporal_address} (namespace {settings.temporal_namespace}): "
            f"start it, or set RINGBACK_TEMPORAL_ADDRESS. It said: {error}"
        ) from error
    await _refuse_unknown_namespace(client, settings)
    return client


async def _refuse_unknown_namespace(client: Client, settings: Settings) -> None:
    """A server that is well may still not have the namespace, and would only say so at the first call."""
    asked = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(asked, timeout=_PATIENCE)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:  # whoever may not ask that may still use it
            return
        raise EngineUnreachableError(
            f"Temporal at {settings.temporal_address} has no namespace {client.namespace}: set "
            "RINGBACK_TEMPORAL_NAMESPACE, or make it with temporal operator namespace create --retention 30d "
            f"--namespace {client.namespace}"
        ) from error


async def ensure_search_attributes(client: Client) -> None:
    """Register what calls are found by; a missing one would wedge every workflow that sets it."""
    operator = client.operator_service
    known = await operator.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=_PATIENCE
    )
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    missing = {key.name: keyword for key in SEARCH_ATTRIBUTES if key.name not in known.custom_attributes}
    if not missing:
        return
    try:
        await operator.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing), timeout=_PATIENCE
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:  # another worker was faster
            raise


def workflow_runner() -> SandboxedWorkflowRunner:
    """The one sandbox policy: no module is loaded anew, calls that are not deterministic are still refused.

    Mixed policies would make one class two: what an activity returned would not be an instance of the workflow's own.
    """
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_all_modules())
