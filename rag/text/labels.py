"""Labels: the values of a table row that are not its text, written so that each is next to its column's name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import shorten

from rag.text.search_terms import phrase_of, tokens
from rag.text.stems import is_common
from rag.types import Chunk, Fields

SEPARATOR = "; "
_MOST_TOKENS, _LEAST, _MANY_DIGITS = 4, 3, 5
"""Tokens, and the fewest letters and digits, of what could be an id; and the digits that are enough for one."""
_LONGEST, _MOST = 200, 30
"""Characters of a label, and labels of a row, that a line with all of them has."""


def written(fields: Iterable[tuple[str, str]]) -> str:
    """The values with their columns' names, in one line: "ticket: T-902; city: York". Empty values are left out."""
    return SEPARATOR.join(f"{column}: {' '.join(value.split())}" for column, value in fields if value.strip())


def unsaid_labels(chunk: Chunk) -> Fields:
    """The labels of a chunk that neither its context line nor its text says with the column's name."""
    said = " ".join(f"{chunk.context}\n{chunk.text}".split())
    return tuple(field for field in chunk.fields if field[1].strip() and written([field]) not in said)


def context_of(chunk: Chunk, *, longest: int = _LONGEST, most: int = _MOST) -> str:
    """The line that an answering model is shown above a chunk's text: its context and its labels; "" without any.

    Args:
        longest: characters of a label; longer ones are cut at a word, with an ellipsis.
        most: labels that the context line does not have already.
    """
    labels = [(column, shorten(value, longest, placeholder="…")) for column, value in unsaid_labels(chunk)]
    return SEPARATOR.join(filter(None, (" ".join(chunk.context.split()), written(labels[:most]))))


def id_runs(text: str) -> list[str]:
    """The runs of up to four tokens of a text that could be an id, a number or a date, in its order.

    They have a digit and a letter, or many digits, as "T-902", "INV 2024/17" and "10482" have.
    """
    found = tokens(text)
    runs = [
        " ".join(found[start : start + length])
        for start in range(len(found))
        for length in range(_MOST_TOKENS, 0, -1)
        if start + length <= len(found) and not (is_common(found[start]) or is_common(found[start + length - 1]))
    ]
    return [run for run in dict.fromkeys(runs) if _is_like_an_id(bare(run))]


def bare(text: str) -> str:
    """A label or a part of a text as it is compared: "T-902", "t 902" and "T902" are equal."""
    return phrase_of(text).replace(" ", "")


def id_spans(text: str, ids: Iterable[str]) -> list[tuple[int, int]]:
    """Where these ids, as by `bare`, stand in a text, divided by a sign or not: "E58" as "E-58"."""
    found = []
    for bare_id in ids:
        pattern = r"(?<!\w)" + r"[-./_:]?".join(map(re.escape, bare_id)) + r"(?!\w)"
        found += [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]
    return found


def _is_like_an_id(text: str) -> bool:
    n_digits = sum(map(str.isdigit, text))
    has_letter = any(map(str.isalpha, text))
    return n_digits >= _MANY_DIGITS or (n_digits > 0 and has_letter and len(text) >= _LEAST)


def values_of(context: str) -> frozenset[str]:
    """The values in a line of labels from `context_of`, each as by `bare`."""
    return frozenset(bare(part.rpartition(": ")[2]) for part in context.split(SEPARATOR))


def searched_text(chunk: Chunk) -> str:
    """What keyword search reads of a chunk: its context line, its heading with those above it, its text and labels."""
    heading = "" if chunk.heading in chunk.context else chunk.heading
    return "\n".join(filter(None, (chunk.context, heading, chunk.text, written(unsaid_labels(chunk)))))
