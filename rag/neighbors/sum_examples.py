"""Examples of vector arithmetic: texts to add and subtract, with a sentence that says what to see.

Those of the sample are written down; each sentence is given only if the nearest text is the one it speaks of. For other
collections, a passage of one group of chunks is moved to another group: the groups are the values of a column, or the
documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rag.store.chunk_table import ChunkTable
from rag.text.sentences import split_sentences

_MOST_VALUES, _LONGEST_NAME = 40, 40
_LONGEST_TEXT = 160


@dataclass(frozen=True, slots=True)
class SumExample:
    """A text, what is subtracted, and what is added.

    The saying is true if the nearest text begins with one of `nearest`; it is empty for a computed example.
    """

    text: str
    minus: str
    plus: str
    saying: str = ""
    nearest: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The sum in one line."""
        return f"{self.text} − {self.minus} + {self.plus}"

    def said_of(self, nearest_text: str) -> str:
        """The sentence if it is true of the nearest text that was found; else an empty text."""
        return self.saying if nearest_text.startswith(self.nearest) else ""


SAMPLE_SUMS = (
    SumExample(
        "a crane lifts steel", "machine", "bird",
        "Without 'machine' and with 'bird', the machine becomes the bird of the same name.",
        ("Common cranes cross Europe",),
    ),
    SumExample(
        "a jaguar hunts at night", "animal", "car",
        "Without 'animal' and with 'car', the cat becomes the car of the same name.",
        ("At the 24-hour race of Le Mans",),
    ),
    SumExample(
        "bass guitar", "music", "fish",
        "Without 'music' and with 'fish', the instrument becomes the fish of the same name.",
        ("Few fish are such devoted fathers",),
    ),
    SumExample(
        "a loan from the bank", "money", "books",
        "This sum does not work: the result is still nearest to the bank, with lower scores, and not to a library.",
        ("Our bank closed its last branch", "Somebody on the telephone who claims", "Before you sign for a loan"),
    ),
)  # fmt: skip
SAMPLE_WAY = ("planets and stars", "cooking dinner")
"""Two texts of the sample to interpolate between."""


def has_sample(texts: Iterable[str]) -> bool:
    """Whether these are the texts of the sample: all that the sentences speak of are there."""
    listed = tuple(texts)
    return all(any(text.startswith(begins) for text in listed) for one in SAMPLE_SUMS for begins in one.nearest)


@dataclass(frozen=True, slots=True)
class Groups:
    """Chunks in groups, by the value of a column or by document: the group of each chunk of a table, "" without one."""

    of_each: Sequence[str]

    def largest(self, most: int) -> list[str]:
        """The names of the largest groups, the largest first; equal ones in the order of the chunks."""
        counts = Counter(name for name in self.of_each if name)
        return [name for name, _ in counts.most_common(most)]

    def count(self, rows: Sequence[int], name: str) -> int:
        """How many of these rows of the table are in the group."""
        return sum(self.of_each[row] == name for row in rows)


def groups_of(table: ChunkTable) -> Groups:
    """The groups of a collection: the values of its column with the fewest, if most chunks have one; else documents."""
    few = {
        name: values
        for name, values in table.columns.items()
        if 1 < len(set(values) - {""}) <= _MOST_VALUES
        and max(map(len, values)) <= _LONGEST_NAME
        and 2 * sum(map(bool, values)) > len(table)
    }
    if few:
        return Groups(min(few.values(), key=lambda values: len(set(values))))
    return Groups([PurePath(name).stem for name in table.document_of_each()])


def computed_sums(groups: Groups, text_of: Callable[[int], str], most: int = 4) -> tuple[SumExample, ...]:
    """A passage of each of the largest groups, moved to the next group; empty if there is only one group.

    Args:
        text_of: the text of the chunk in a row of the table.
    """
    names = groups.largest(most)
    if len(names) < 2:
        return ()
    examples = []
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        text = text_of(list(groups.of_each).index(name))
        first = next((text[start:end] for start, end in split_sentences(text)), text)
        examples.append(SumExample(" ".join(first.split())[:_LONGEST_TEXT], name, other))
    return tuple(examples)
