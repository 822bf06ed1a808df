"""Finding in the text we sent what the relay says it spoke: it tells words, not positions, and may space them anew."""


def advance(text: str, position: int, words: str) -> int | None:
    """Where in `text` the `words` end when they are spoken from `position`; None when they do not stand there."""
    if text.startswith(words, position):
        return position + len(words)
    for word in words.split():
        while position < len(text) and text[position].isspace():
            position += 1
        if not text.startswith(word, position):
            return None
        position += len(word)
    return position


def find_later(text: str, position: int, words: str) -> int | None:
    """Where the `words` end at their first place after `position`, for a report that got lost in between."""
    parts = words.split(maxsplit=1)
    if not parts:
        return None
    start = text.find(parts[0], position)
    while start >= 0:
        end = advance(text, start, words)
        if end is not None:
            return end
        start = text.find(parts[0], start + 1)
    return None


def find_cut(text: str, played: int, spoken: str) -> int | None:
    """Where `text` was cut, given how much is known as played and the relay's last words before the interruption.

    The relay repeats either the whole talk cycle or only its current clause, so the words may begin
    anywhere up to `played`; what is known as played is never taken back.
    """
    end = advance(text, 0, spoken)
    if end is not None and end >= played:
        return end
    parts = spoken.split(maxsplit=1)
    start = text.find(parts[0]) if parts else -1
    while 0 <= start <= played:
        end = advance(text, start, spoken)
        if end is not None and end >= played:
            return end
        start = text.find(parts[0], start + 1)
    return find_later(text, played, spoken)
