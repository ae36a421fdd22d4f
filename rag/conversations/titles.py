"""Conversation titles: cleaned user input, or the first question."""

from __future__ import annotations

DEFAULT_TITLE = "New conversation"
LONGEST_TITLE = 200
"""The maximum length of a title, in characters."""
_FROM_QUESTION = 60


def title_from(question: str) -> str:
    """A conversation's title: its question on one line, cut at a word after about 60 characters."""
    title = clean_title(question) or DEFAULT_TITLE
    if len(title) <= _FROM_QUESTION:
        return title
    start = title[:_FROM_QUESTION]
    if title[_FROM_QUESTION] == " ":
        return f"{start}…"
    whole, _, rest = start.rpartition(" ")
    # Some scripts have no spaces, and some words are longer than a title.
    return f"{whole if len(rest) < _FROM_QUESTION // 2 else start}…"


def clean_title(title: str) -> str:
    """The title on one line, cut to 200 characters, without lone surrogates, which cannot be stored."""
    return " ".join(title.encode(errors="replace").decode().split())[:LONGEST_TITLE].rstrip()
