"""Every finish reason has its workflow story, and every story ends as it must, completed and with its evidence."""

import pytest
from temporalio.testing import WorkflowEnvironment

from calls.reasons import REASONS, FinishReason
from tests.workflows.ending_stories import STORIES, EndingStory
from tests.workflows.stage import on_stage


def test_every_reason_has_a_workflow_story() -> None:
    """No reason is without one, and no two stories share a name."""
    assert {story.reason for story in STORIES} == set(FinishReason)
    assert len({story.name for story in STORIES}) == len(STORIES)


@pytest.mark.parametrize(
    "story", [pytest.param(story, id=story.name, marks=pytest.mark.reason(story.reason)) for story in STORIES]
)
async def test_the_story_ends_as_it_must(env: WorkflowEnvironment, story: EndingStory) -> None:
    """The result and the stored record have the reason, its status and the evidence; the workflow completes."""
    async with on_stage(env, story.script(), story.order()) as stage:
        await stage.begin()
        await story.act(stage)
        result = await stage.end()
    last = stage.script.saved[-1]
    assert (result.finish_reason, result.status) == (story.reason, REASONS[story.reason].status)
    assert (last.finish_reason, last.complete) == (story.reason, True)
    assert story.evidence.items() <= result.evidence.items()
    assert stage.script.times("hang_up") > 0 or not story.hangs_up
