"""What was heard of words that were cut short."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.speaker import heard_prefix

WORDS = st.lists(st.text("abc.,", min_size=1, max_size=6), min_size=1, max_size=8).map(" ".join)


@given(WORDS, st.integers(-1, 80))
def test_only_whole_words_were_heard(text: str, chars: int) -> None:
    """The heard part begins the text, is no longer than what was played, and ends where a word ends."""
    heard = heard_prefix(text, chars)
    assert text.startswith(heard)
    assert len(heard) <= max(chars, 0) or heard == text
    assert text.split()[: len(heard.split())] == heard.split()


def test_the_cut_falls_back_to_the_last_whole_word() -> None:
    """A word that had begun was not heard; one that was just over was."""
    assert heard_prefix("one two three", 6) == "one"
    assert heard_prefix("one two three", 7) == "one two"
    assert heard_prefix("one two three", 13) == "one two three"
    assert heard_prefix("one", 2) == ""
