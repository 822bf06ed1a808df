"""The ways to end that the cast does not come to: each brought about at the carrier or at the agent server."""

import pytest

from bench.reasons.agent_servers import BEHAVIOURS
from bench.reasons.stories import MISSING, STORIES
from bench.reasons.telling import Outcome, tell
from calls.reasons import REASONS, FinishReason
from runtime.embedded.stack import EmbeddedStack

TOLD_BY_THE_CAST = {
    FinishReason.USER_ENDED_CALL,
    FinishReason.AGENT_ENDED_CALL,
    FinishReason.CALL_TRANSFERRED,
    FinishReason.VOICEMAIL_DETECTED,
    FinishReason.INACTIVITY_TIMEOUT,
    FinishReason.ANSWERING_MACHINE_DETECTED,
    FinishReason.MAXIMUM_DURATION_EXCEEDED,
    FinishReason.LINE_BUSY,
    FinishReason.CALL_FAILED,
    FinishReason.NO_ANSWER,
    FinishReason.REGISTERED_CALL_TIMED_OUT,
}
OTHERS = {story.name: story for story in STORIES if story.reason not in TOLD_BY_THE_CAST}


@pytest.fixture(scope="module")
async def outcomes(stack: EmbeddedStack) -> dict[str, Outcome]:
    """What came of every other story, all told at once."""
    told = await tell(list(OTHERS.values()), stack.addresses)
    return {outcome.story.name: outcome for outcome in told}


@pytest.mark.parametrize("name", OTHERS)
async def test_a_call_ends_as_its_story_says(outcomes: dict[str, Outcome], name: str) -> None:
    """Reason, status and phase are the story's, the ledger knows who hung up, and the evidence is kept."""
    outcome = outcomes[name]
    assert outcome.faults == (), f"call {outcome.call_id}: {outcome.evidence}"


def test_every_reason_has_a_story() -> None:
    """A reason that nobody can bring about is not proven; the exception is named, and stops being one when it is."""
    assert [reason for reason in REASONS if reason not in {story.reason for story in STORIES}] == list(MISSING)
    assert len({story.name for story in STORIES}) == len({story.to_number for story in STORIES}) == len(STORIES)


def test_every_misbehaving_server_is_in_a_story() -> None:
    """A behaviour that no story uses proves nothing; one that does not exist would close every connection."""
    assert {story.server for story in STORIES if story.server} == set(BEHAVIOURS)
