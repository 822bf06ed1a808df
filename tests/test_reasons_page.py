"""Every finish reason is proven twice, and the page that says so is the one that is committed."""

from bench.reasons.stories import MISSING
from calls.reasons import REASONS
from tests.reasons_page import PAGE, page, stack_stories, workflow_stories


def test_every_reason_has_a_story_of_the_workflow() -> None:
    """On the skipped clock."""
    assert [reason for reason, names in workflow_stories().items() if not names] == []


def test_every_reason_has_a_story_over_the_whole_stack() -> None:
    """None waits for anything."""
    assert [reason for reason, names in stack_stories().items() if not names] == []
    assert MISSING == {}


def test_the_committed_page_is_made_from_this_code() -> None:
    """Run `python -m tests.reasons_page` after changing reasons or stories."""
    assert PAGE.read_text(encoding="utf-8") == page()
    assert all(f"| `{reason}` |" in page() for reason in REASONS)
