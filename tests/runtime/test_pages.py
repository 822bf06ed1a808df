"""The pages that are made from the code are the ones that are committed."""

from runtime.pages import pages


def test_the_committed_pages_are_made_from_this_code() -> None:
    """Run `python -m runtime.pages` after changing facts or timers."""
    stale = [path.name for path, text in pages().items() if path.read_text(encoding="utf-8") != text]
    assert stale == []
