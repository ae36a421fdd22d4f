"""Which columns of a table hold its text: by their names, and by cells that read like sentences.

The other columns are labels. A title belongs to the text below it, so it is part of the text and a label as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rag.text.stems import word_set
from rag.types import Fields

LOOK = 1_000
"""Rows that are looked at, so that a long table is guessed as fast as a short one."""
_ALWAYS = word_set("text passage content body abstract paragraph")
_OFTEN = word_set(
    "answer article comment comments content contents description details feedback message note notes problem remark "
    "remarks response review reviews solution story summary text "
    "antwort bemerkung bemerkungen beschreibung inhalt kommentar nachricht notiz rezension "
    "commentaire contenu message réponse texte comentario contenido descripción mensaje respuesta texto"
)
_TITLES = word_set(
    "headline heading name question subject title betreff frage titel überschrift sujet titre question asunto título"
)
_END_TITLES = word_set("headline heading question subject title titel")
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Scripts that put no spaces between words: a letter of them counts as much as some Latin ones.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LETTERS_FOR_ONE = 2.5
_SENTENCE_WORDS = 4
_LONG, _MEDIUM, _SHORT = 120, 40, 20
"""Mean length of a column's cells, in characters, from which it is text: by itself, if it is most of each row, and if
its name says that it is text."""
_MOST_OF_ROW = 0.75


@dataclass(slots=True)
class _Column:
    """Sums over the cells that are not empty."""

    cells: int = 0
    length: float = 0.0
    words: int = 0
    sentences: int = 0
    values: set[str] = field(default_factory=set)

    def add(self, value: str) -> None:
        """Count one more cell."""
        unspaced = len(_UNSPACED.findall(value))
        words = value.split()
        self.cells += 1
        self.length += len(value) + (_LETTERS_FOR_ONE - 1) * unspaced
        self.words += max(len(words), unspaced // 2)
        self.sentences += _reads_like_a_sentence(words, unspaced)
        self.values.add(value)

    @property
    def mean(self) -> float:
        return self.length / max(self.cells, 1)

    @property
    def is_prose(self) -> bool:
        """Whether most cells read like sentences, and are not the same few again and again."""
        differs = self.cells < 10 or len(self.values) >= 0.3 * self.cells
        return differs and self.sentences >= 0.5 * self.cells > 0


def _reads_like_a_sentence(words: Sequence[str], unspaced: int) -> bool:
    if unspaced >= 2 * _SENTENCE_WORDS:
        return True
    letters = [word[0] for word in words if word[0].isalpha()]
    return len(letters) >= _SENTENCE_WORDS and 2 * sum(not letter.isupper() for letter in letters) >= len(letters)


def guess_text_columns(rows: Sequence[Fields]) -> tuple[str, ...]:
    """The columns with the text, in the table's order: none if every column has short values, such as names.

    A column of long sentences is text, or one whose name says so, or one that is most of each row. If there is one,
    other columns of sentences about as long are text, and so is a column named "title".
    """
    return _guessed(_measured(rows[:LOOK]))


def is_title(column: str) -> bool:
    """Whether a column's name says that it holds a title of the row's text."""
    words = words_of(column)
    return (len(words) == 1 and words[0] in _TITLES) or (0 < len(words) <= 3 and words[-1] in _END_TITLES)


def words_of(column: str) -> list[str]:
    """The words of a column's name in lower case; of a nested one ("body.text"), of its last part."""
    return _WORD.findall(_CAMEL.sub(" ", column.rpartition(".")[2] or column).casefold().replace("_", " "))


def _measured(rows: Iterable[Fields]) -> dict[str, _Column]:
    columns: dict[str, _Column] = {}
    for row in rows:
        for name, value in row:
            column = columns.setdefault(name, _Column())
            if value:
                column.add(value)
    return columns


def _guessed(columns: dict[str, _Column]) -> tuple[str, ...]:
    if len(columns) == 1 and words_of(next(iter(columns)))[:1] == ["text"]:
        return tuple(columns)
    named = {name for name, column in columns.items() if _is_named_text(name, column)}
    prose = {name for name, column in columns.items() if column.is_prose and column.mean >= _MEDIUM}
    total = sum(column.length for column in columns.values())
    main = {name for name in prose if columns[name].length >= _MOST_OF_ROW * total or columns[name].mean >= _LONG}
    if not named | main:
        return ()
    longest = max(columns[name].mean for name in named | main)
    text = named | {name for name in prose if columns[name].mean >= 0.5 * longest}
    return tuple(name for name in columns if name in text or is_title(name))


def _is_named_text(name: str, column: _Column) -> bool:
    words = words_of(name)
    if not column.cells or not words:
        return False
    if len(words) == 1 and words[0] in _ALWAYS:
        return column.words >= 2 * column.cells
    return any(word in _OFTEN for word in words) and column.is_prose and column.mean >= _SHORT
