"""Examples of the chapters: texts, words with several senses, contrasts, and translations into ten languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rag.anatomy.blind_spots import Contrast
from rag.anatomy.layers import Occurrence, find_occurrences

_FILE = Path(__file__).with_name("examples.json")


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples, written for this app.

    `texts` are to begin with. `cuts` are short texts that a tokenizer cuts in a telling way, by what they are. `senses`
    are sentences by word and sense. `translations` are the same sentences by ISO 639-1 code.
    """

    texts: tuple[str, ...]
    cuts: Mapping[str, str]
    senses: Mapping[str, Mapping[str, tuple[str, ...]]]
    contrasts: tuple[Contrast, ...]
    translations: Mapping[str, tuple[str, ...]]

    def occurrences(self, word: str) -> list[Occurrence]:
        """The example sentences of a word, each with its sense; empty for a word without examples."""
        found: list[Occurrence] = []
        for sense, sentences in self.senses.get(word, {}).items():
            found += find_occurrences(sentences, word, len(sentences), sense=sense)
        return found


@cache
def examples() -> Examples:
    """All examples, read once."""
    from pydantic import TypeAdapter

    return TypeAdapter(Examples).validate_json(_FILE.read_bytes())
