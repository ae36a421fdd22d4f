"""Passage matching: compare the sentences of an answer with passages, by embeddings, words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.answering.claims import Statement, plain_text
from rag.text.labels import bare, id_runs, values_of
from rag.text.sentences import sentence_starts
from rag.text.stated_numbers import StatedNumber, stated_numbers
from rag.text.stems import stemmed_words, telling_words
from rag.text.tokens import without_surrogates
from rag.types import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray

    Flags = NDArray[np.bool_]

_Contents = tuple[frozenset[str], frozenset[str]]
"""The stems of a text's words, and every reading of its numbers."""

_WORDS_WEIGHT = 0.6
_NUMBER_WEIGHT = 2
_COSINE_PENALTY = 0.2
_LEAST_LENGTH = 1e-6


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence of a text, or two adjacent ones: [start, end) of texts[source].

    `parts` are the rows of its sentences among all single sentences of all texts. `context` is the line above the text,
    if it belongs to the passage: alone, where [start, end) is empty, or together with a sentence.
    """

    source: int
    start: int
    end: int
    text: str
    parts: tuple[int, ...]
    context: str = ""

    @property
    def is_single(self) -> bool:
        """Whether it is a single sentence."""
        return len(self.parts) == 1


@dataclass(frozen=True, slots=True)
class Match:
    """A statement compared with m passages.

    `cosines`, float32 (m,) in [-1, 1], compare the embeddings. `likeness`, float32 (m,), is 0.4 times the cosine plus
    0.6 times the share of the statement's words and numbers that the passage contains, a number counting as two words.
    It is the cosine minus 0.2 if that is larger, which covers paraphrases. It is -1 for a pair of sentences that is no
    nearer to the statement than one of them, because the other would only add words and numbers. A sentence with the
    labels of its row may also count if the statement names the row by its id. `numbers` are those
    that a passage must contain; `lacks`, bool (len(numbers), m), marks those that it does not contain.
    """

    cosines: FloatArray
    likeness: FloatArray
    numbers: tuple[StatedNumber, ...]
    lacks: Flags

    @property
    def support(self) -> FloatArray:
        """The likeness of passages that contain every number, -1 for the others: float32 (m,)."""
        import numpy as np

        return np.where(self.lacks.any(axis=0), np.float32(-1.0), self.likeness)


def passages_of(texts: Sequence[str], contexts: Sequence[str] = ()) -> list[Passage]:
    """Each sentence of each text, and each pair of adjacent sentences, in the order of the texts.

    Args:
        contexts: the line above each text, empty if it has none. It is a passage alone, and with each sentence.
    """
    passages: list[Passage] = []
    row = 0
    for source, text in enumerate(texts):
        spans = _sentence_spans(text)
        rows = range(row, row + len(spans))
        row += len(spans)
        passages += [Passage(source, a, b, text[a:b], (i,)) for i, (a, b) in zip(rows, spans, strict=True)]
        couples = zip(pairwise(rows), pairwise(spans), strict=True)
        passages += [Passage(source, a, b, text[a:b], parts) for parts, ((a, _), (_, b)) in couples]
        if context := contexts[source] if contexts else "":
            passages.append(Passage(source, 0, 0, context, (row,), context))
            passages += [
                Passage(source, a, b, f"{context}\n{text[a:b]}", (row, i), context)
                for i, (a, b) in zip(rows, spans, strict=True)
            ]
            row += 1
    return passages


def _sentence_spans(text: str) -> list[tuple[int, int]]:
    """Spans of sentences without surrounding spaces; a line broken only by the column width does not end one."""
    spans = []
    for start, end in pairwise([*sentence_starts(text), len(text)]):
        if stripped := text[start:end].strip():
            first = text.index(stripped, start)
            spans.append((first, first + len(stripped)))
    return spans


def match_statements(
    statements: Sequence[Statement], passages: Sequence[Passage], embedder: Embedder
) -> tuple[Match, ...]:
    """Compare every statement with every passage; neither may be empty. All texts are embedded in one call."""
    cosines = _cosines(statements, passages, embedder)
    is_nearer = _is_nearer_than_its_parts(cosines, passages) | _names_its_row(statements, passages)
    contents = [_contents_of(passage.text) for passage in passages]
    return tuple(
        _match(statement.plain, cosines[row], is_nearer[row], contents) for row, statement in enumerate(statements)
    )


def likeness(text: str, cosines: FloatArray, sentences: Sequence[str]) -> FloatArray:
    """Likeness of each sentence to the text, float32 (n,), as in `Match`, from their cosines (n,)."""
    import numpy as np

    contents = [_contents_of(sentence) for sentence in sentences]
    return _match(text, cosines, np.ones(len(sentences), dtype=np.bool_), contents).likeness


def _contents_of(text: str) -> _Contents:
    readings = frozenset[str]().union(*(number.readings for number in stated_numbers(text)))
    return frozenset(word.stem for word in stemmed_words(text)), readings


def _match(plain: str, cosines: FloatArray, is_nearer: Flags, passages: Sequence[_Contents]) -> Match:
    """Compare a plain statement with the passages."""
    import numpy as np

    words = {word.stem for word in telling_words(plain)}
    numbers = required_numbers(plain)
    lacks = np.array(
        [[number.readings.isdisjoint(readings) for _, readings in passages] for number in numbers], dtype=np.bool_
    ).reshape(len(numbers), len(passages))
    found = np.array([len(words & stems) for stems, _ in passages]) + _NUMBER_WEIGHT * (~lacks).sum(axis=0)
    shares = found / max(len(words) + _NUMBER_WEIGHT * len(numbers), 1)
    likeness = np.maximum((1 - _WORDS_WEIGHT) * cosines + _WORDS_WEIGHT * shares, cosines - _COSINE_PENALTY)
    likeness[~is_nearer] = -1.0
    return Match(cosines, likeness.astype(np.float32), numbers, lacks)


def required_numbers(text: str) -> tuple[StatedNumber, ...]:
    """The numbers that a supporting text must contain: all except doubtful ones."""
    return tuple(number for number in stated_numbers(text) if not number.is_doubtful)


def _cosines(statements: Sequence[Statement], passages: Sequence[Passage], embedder: Embedder) -> FloatArray:
    """float32 (statements, passages), clipped to [-1, 1]; a pair of sentences has the mean of their embeddings."""
    import numpy as np

    stated = [statement.plain for statement in statements]
    single = [plain_text(passage.text) or passage.text for passage in passages if passage.is_single]
    rows = {text: row for row, text in enumerate(dict.fromkeys([*stated, *single]))}
    vectors = sentence_vectors(list(rows), embedder)
    sentences = vectors[[rows[text] for text in single]]
    means = np.array([sentences[list(passage.parts)].mean(axis=0) for passage in passages])
    lengths = np.maximum(np.linalg.norm(means, axis=1, keepdims=True), _LEAST_LENGTH)
    cosines: FloatArray = vectors[[rows[text] for text in stated]] @ (means / lengths).T
    return cosines.clip(-1.0, 1.0)


def sentence_vectors(sentences: Sequence[str], embedder: Embedder) -> FloatArray:
    """Unit vectors float32 (n, dimension); sentences longer than the model's window are cut.

    A model that repeats itself writes such sentences, and some servers refuse them.
    """
    texts = [without_surrogates(sentence) for sentence in sentences]
    counts = embedder.count_tokens(texts)
    return embedder.encode_documents([_beginning(text, n, embedder) for text, n in zip(texts, counts, strict=True)])


def _beginning(text: str, n_tokens: int, embedder: Embedder) -> str:
    """The text, cut to the model's window."""
    while n_tokens > embedder.window:
        text = text[: len(text) * embedder.window // n_tokens]
        [n_tokens] = embedder.count_tokens([text])
    return text


def _names_its_row(statements: Sequence[Statement], passages: Sequence[Passage]) -> Flags:
    """Whether each statement has an id, such as "T-902", that is a label in each passage's context: bool (n, m)."""
    import numpy as np

    ids = [{bare(run) for run in id_runs(statement.plain)} for statement in statements]
    known = {passage.context: values_of(passage.context) for passage in passages if passage.context}
    rows = [[not named.isdisjoint(known.get(passage.context, ())) for passage in passages] for named in ids]
    return np.array(rows, dtype=np.bool_).reshape(len(statements), len(passages))


def _is_nearer_than_its_parts(cosines: FloatArray, passages: Sequence[Passage]) -> Flags:
    """Whether each passage is nearer to each statement than its single sentences are: bool (statements, passages).

    True for every single sentence.
    """
    import numpy as np

    columns = [column for column, passage in enumerate(passages) if passage.is_single]
    is_nearer = np.ones(cosines.shape, dtype=np.bool_)
    for column, passage in enumerate(passages):
        if not passage.is_single:
            is_nearer[:, column] = cosines[:, column] > cosines[:, [columns[part] for part in passage.parts]].max(
                axis=1
            )
    return is_nearer
