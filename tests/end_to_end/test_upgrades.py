"""A changed workflow is shipped while a call is live: old worker out, new worker in, and the call ends right."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client

from bench.reasons.story import SETTINGS, SPEED
from runtime.embedded import recipes
from runtime.embedded.part import REPOSITORY, Part, Recipe
from runtime.embedded.probes import logs
from runtime.embedded.stack import EmbeddedStack, StackOptions
from tests.end_to_end.customer import Customer

pytestmark = pytest.mark.slow

TALKER = "+14155550154"
TALK: dict[str, Any] = {
    "name": "Takes her time",
    "lines": [{"text": "Yes, I can make it.", "delay_seconds": 100}, {"text": "No, that is all. Thank you."}],
}
ROOMS = ("activities", "adapters", "calls", "conversation", "gateway", "runtime", "workflows")
NEW_STEP = "A new step"
STEP = f"""        if GATE:
            await workflow.sleep(0.01, summary="{NEW_STEP}")
        await dialling.dial()
"""
Changes = Mapping[str, tuple[str, str]]
UNGATED: Changes = {"workflows/outbound_call.py": ("        await dialling.dial()\n", STEP.replace("GATE", "True"))}
GATED: Changes = {
    "workflows/outbound_call.py": (
        "        await dialling.dial()\n",
        STEP.replace("GATE", "self._story.plan.has_new_step"),
    ),
    "calls/model.py": (
        "    voicemail: Voicemail = Voicemail()\n",
        "    voicemail: Voicemail = Voicemail()\n    has_new_step: bool = False\n",
    ),
    "activities/registering.py": ("    return CallPlan(\n", "    return CallPlan(\n        has_new_step=True,\n"),
}


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """A stack whose worker is replaced."""
    longer = {**SETTINGS, "RINGBACK_POLICY__MAXIMUM_DURATION_SECONDS": "60"}
    options = StackOptions(run_dir=tmp_path_factory.mktemp("upgrades"), speed=SPEED, settings=longer)
    async with EmbeddedStack(options) as running:
        yield running


@pytest.fixture(scope="module")
async def customer(stack: EmbeddedStack) -> AsyncIterator[Customer]:
    """Somebody with an API key."""
    async with Customer(stack.addresses) as somebody:
        await somebody.teach(TALKER, TALK)
        yield somebody


@pytest.fixture(scope="module")
async def engine(stack: EmbeddedStack) -> Client:
    """The engine as an operator reaches it."""
    return await Client.connect(stack.addresses.temporal_address, namespace=stack.addresses.temporal_namespace)


def changed(folder: Path, changes: Changes) -> Path:
    """A copy of the worker's code with these changes."""
    for room in ROOMS:
        shutil.copytree(REPOSITORY / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "worker.py", folder)
    for path, (old, new) in changes.items():
        text = (folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, (path, old)
        (folder / path).write_text(text.replace(old, new), encoding="utf-8")
    return folder


@asynccontextmanager
async def worker_of(stack: EmbeddedStack, code: Path, logs_in: Path, **settings: str) -> AsyncIterator[Part]:
    """A worker that runs other code than ours, started beside the old one."""
    recipe = Recipe(
        name=f"worker-of-{code.name}",
        command=[sys.executable, str(code / "worker.py")],
        environment={**recipes.inherited(), **stack.environment, **settings},
        ready=logs("worker ready"),
        stop_within_seconds=20,
    )
    part = Part(recipe, logs_in)
    await part.start()
    try:
        yield part
    finally:
        await part.stop()


async def talking(customer: Customer) -> str:
    """A live call."""
    call_id = await customer.placed(TALKER, await customer.agent())
    await customer.talking(call_id)
    return call_id


async def steps(engine: Client, call_id: str) -> list[str]:
    """The summaries of activities and timers in a call's history."""
    history = await engine.get_workflow_handle(f"call-{call_id}").fetch_history()
    return [event.user_metadata.summary.data.decode().strip('"') for event in history.events]


async def failed_tasks(engine: Client, call_id: str) -> int:
    """How many workflow tasks failed: with code that cannot follow the history, one does."""
    history = await engine.get_workflow_handle(f"call-{call_id}").fetch_history()
    return sum(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED for event in history.events)


async def test_a_step_behind_a_field_of_the_plan(
    stack: EmbeddedStack, customer: Customer, engine: Client, tmp_path: Path
) -> None:
    """A call that began before ends as it would have; one that begins after has the new step. Nothing is redone."""
    before = await talking(customer)
    async with worker_of(stack, changed(tmp_path / "gated", GATED), tmp_path):
        await stack.parts["worker"].stop()
        assert stack.parts["worker"].exit_code == 0
        assert (await customer.recorded(before))["call_finish_reason"] == "agent_ended_call"
        assert await failed_tasks(engine, before) == 0
        assert NEW_STEP not in await steps(engine, before)
        after = await talking(customer)
        assert (await customer.recorded(after))["call_finish_reason"] == "agent_ended_call"
        assert NEW_STEP in await steps(engine, after)
        await stack.parts["worker"].start()
    (first, second) = (await customer.ledger(TALKER))[-2:]
    assert (first["rings"], second["rings"]) == (1, 1)


async def test_a_step_behind_nothing_is_caught_and_can_be_taken_back(
    stack: EmbeddedStack, customer: Customer, engine: Client, tmp_path: Path
) -> None:
    """It cannot follow the live call: its task fails, its phone does not notice, and the old code mends it."""
    before = await talking(customer)
    async with worker_of(stack, changed(tmp_path / "ungated", UNGATED), tmp_path):
        await stack.parts["worker"].stop()
        async with asyncio.timeout(60):
            while await failed_tasks(engine, before) == 0:
                await asyncio.sleep(0.5)
    await stack.parts["worker"].start()
    assert (await customer.recorded(before))["call_finish_reason"] == "agent_ended_call"


async def _make_current(engine: Client, build_id: str) -> None:
    """`temporal worker deployment set-current-version`: new calls begin on this build."""
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=engine.namespace, deployment_name="ringback", build_id=build_id, ignore_missing_task_queues=True
    )
    async with asyncio.timeout(20):
        while True:
            try:
                await engine.workflow_service.set_worker_deployment_current_version(request)
            except Exception:  # noqa: BLE001 - the build is not known yet
                await asyncio.sleep(0.3)
            else:
                return


async def test_builds_side_by_side(stack: EmbeddedStack, customer: Customer, engine: Client, tmp_path: Path) -> None:
    """With builds told apart any change may be shipped: a call ends on the build that it began on."""
    one = worker_of(stack, changed(tmp_path / "one", {}), tmp_path, RINGBACK_BUILD_ID="one")
    two = worker_of(stack, changed(tmp_path / "two", UNGATED), tmp_path, RINGBACK_BUILD_ID="two")
    async with one as old:
        await stack.parts["worker"].stop()
        await _make_current(engine, "one")
        before = await talking(customer)
        async with two:
            await _make_current(engine, "two")
            after = await talking(customer)
            for call_id in (before, after):
                assert (await customer.recorded(call_id))["call_finish_reason"] == "agent_ended_call"
                assert await failed_tasks(engine, call_id) == 0
            await old.stop()
            assert NEW_STEP not in await steps(engine, before)
            assert NEW_STEP in await steps(engine, after)
