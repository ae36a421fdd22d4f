"""Grounding: find the passage that supports each sentence of an answer, or that it alters.

Citations are computed, because small models do not write them reliably.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answering.claims import Statement, plain_text, statements
from rag.answering.contradictions import Surroundings, contradictions, labels_of_others
from rag.answering.passage_match import Match, Passage, likeness, match_statements, passages_of
from rag.answering.types import Contradiction, Support, Verdict
from rag.text.labels import bare, context_of, id_runs, id_spans
from rag.text.sentences import split_sentences
from rag.text.stated_numbers import stated_numbers
from rag.text.stems import stemmed_words, telling_words
from rag.types import Embedder, Fields, Hit

if TYPE_CHECKING:
    from rag.types import FloatArray

MINIMUM_SUPPORT = 0.56
"""The minimum likeness of a passage that supports a sentence; see `passage_match.Match`.

It was chosen for its precision and recall on one half of the sample questions; bench/answer_checks/grounding.py prints
the table, and the figures for the other half."""
_MINIMUM_LETTERS = 12
_NEARLY_AS_LIKE = 0.05
_MOST_BY_OTHER = 0.3
_MOST_COMPARED = 4


@dataclass(frozen=True, slots=True)
class Groundedness:
    """Groundedness of an answer: how many of the `checked` sentences are `supported`, and the `share` in [0, 1].

    `altered` sentences resemble a passage but may say something else. The share is None if no sentence could be
    checked. `sentence` explains the result to the user.
    """

    supported: int
    checked: int
    share: float | None
    sentence: str
    altered: int = 0


def nearest_sentences(question: str, hits: Sequence[Hit], embedder: Embedder, n: int = 2) -> tuple[Hit, ...]:
    """The hits that contain the `n` sentences most similar to the question; these become the hits' excerpts.

    Words and numbers count in addition to embeddings, as in `passage_match.likeness`, because the embeddings of two
    error codes are almost equal.
    """
    sentences = [
        (row, hit.chunk.text[start:end])
        for row, hit in enumerate(hits)
        for start, end in split_sentences(hit.chunk.text)
        if end - start >= _MINIMUM_LETTERS and not hit.chunk.text[start:end].startswith("#")
    ]
    # The labels of a table's row are read like one of its sentences.
    sentences += [(row, context_of(hit.chunk)) for row, hit in enumerate(hits) if hit.chunk.fields]
    sentences = [(row, sentence) for row, sentence in sentences if sentence]
    if not sentences:
        return tuple(hits)
    texts = [text for _, text in sentences]
    cosines = embedder.encode_documents(texts) @ embedder.encode_queries([question])[0]
    best = sorted((-likeness(question, cosines, texts)).argsort(kind="stable")[:n].tolist())
    rows = dict.fromkeys(sentences[position][0] for position in best)
    excerpts = {row: " ".join(sentences[p][1] for p in best if sentences[p][0] == row) for row in rows}
    return tuple(replace(hits[row], excerpt=excerpt) for row, excerpt in excerpts.items())


def support(answer: str, hits: Sequence[Hit], embedder: Embedder, question: str = "") -> tuple[Support, ...]:
    """For each sentence of the answer, find the passage that supports it, if any.

    A passage is a sentence of a hit's chunk, two adjacent ones, or the line of context and labels above the chunk,
    alone or with a sentence. It supports a sentence if it contains every number, date and code of the sentence, its
    likeness in meaning and words is at least MINIMUM_SUPPORT, and the rules of `contradictions` find no difference. Of
    several, the one with the highest likeness is chosen. If all that are about as similar differ from the sentence, its
    verdict is "altered". Not detected: false claims in the passage's own words, and differences that no rule knows.

    Args:
        hits: in the prompt's numbering: the first is passage 1. The whole chunk counts, even if the model read only an
            excerpt.
        question: what was asked; a name that only the question has is not taken for another name.

    Returns:
        Supports in answer order, none for lines without letters and digits. Without hits nothing is supported.
    """
    stated = statements(answer)
    passages = passages_of([hit.chunk.text for hit in hits], [context_of(hit.chunk) for hit in hits])
    if not stated or not passages:
        return tuple(_without_passages(statement, len(hits)) for statement in stated)
    matches = match_statements(stated, passages, embedder)
    judge = _Judge(passages, [hit.chunk.fields for hit in hits], surroundings_of(hits, question))
    return tuple(judge.judged(statement, match) for statement, match in zip(stated, matches, strict=True))


def surroundings_of(hits: Sequence[Hit], question: str = "") -> Surroundings:
    """The texts in which the names of an answer may stand: what the model was given of the hits, and the question."""
    texts = [
        text for hit in hits for text in (hit.chunk.text, context_of(hit.chunk), hit.chunk.heading, hit.document_name)
    ]
    return Surroundings((*texts, question))


def groundedness(supports: Sequence[Support]) -> Groundedness:
    """The share of checkable sentences that a passage supports."""
    if not supports:
        return Groundedness(0, 0, None, "This answer was not checked against any source.")
    checked = sum(item.verdict != "unchecked" for item in supports)
    supported = sum(item.verdict == "supported" for item in supports)
    if not checked:
        return Groundedness(
            0, 0, None, "No sentence of this answer makes a claim that could be checked against a source."
        )
    altered = sum(item.verdict == "altered" for item in supports)
    sentences = "sentence is" if checked == 1 else "sentences are"
    others = f"{altered} may say something else than the passage cited. " if altered else ""
    return Groundedness(
        supported,
        checked,
        supported / checked,
        f"{supported} of {checked} {sentences} supported by a retrieved passage. {others}"
        "This says where a sentence comes from, not that it is true.",
        altered,
    )


def nearest_number(support: Support) -> int:
    """The number, from 1, of the hit most similar to a sentence; 0 without hits.

    For an unsupported sentence, `Support.passage` is a span of this hit's text.
    """
    return max(range(len(support.scores)), key=support.scores.__getitem__) + 1 if support.scores else 0


def supporting_words(sentence: str, passage: str) -> tuple[tuple[int, int], ...]:
    """Spans [start, end) of `passage` whose words, numbers or ids the sentence has, sorted, without overlaps."""
    plain = plain_text(sentence)
    stems = {word.stem for word in telling_words(plain)}
    readings = {reading for number in stated_numbers(plain) for reading in number.readings}
    spans = [(word.start, word.end) for word in stemmed_words(passage) if word.stem in stems]
    spans += [(number.start, number.end) for number in stated_numbers(passage) if number.readings & readings]
    spans += id_spans(passage, {bare(run) for run in id_runs(plain)})
    return _merged(sorted(spans))


def _merged(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sorted spans, with overlapping ones merged."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Gives verdicts on statements that were compared with the passages of hits; `labels` are those of each hit."""

    passages: Sequence[Passage]
    labels: Sequence[Fields]
    surroundings: Surroundings

    def judged(self, statement: Statement, match: Match) -> Support:
        """The verdict, with the passage that supports the statement or that it alters, or else the most similar."""
        scores = _scores(match.cosines, self.passages, len(self.labels))
        is_alike = statement.is_checkable and float(match.support.max()) >= MINIMUM_SUPPORT
        best, found = self._best(statement, match) if is_alike else (_nearest(match, self.passages, scores), ())
        missing = [number.text for number, lacks in zip(match.numbers, match.lacks[:, best], strict=True) if lacks]
        passage = self.passages[best]
        return Support(
            statement.start,
            statement.end,
            _verdict(statement, is_alike=is_alike, is_altered=bool(found)),
            scores,
            passage.source + 1 if is_alike else 0,
            (passage.start, passage.end),
            tuple(dict.fromkeys(missing)) if statement.is_checkable else (),
            found,
            passage.context,
        )

    def _best(self, statement: Statement, match: Match) -> tuple[int, tuple[Contradiction, ...]]:
        """The row of the most similar passage, or of the first of those about as similar that does not contradict."""
        ranked = (-match.support).argsort(kind="stable")[:_MOST_COMPARED].tolist()
        least = max(float(match.support[ranked[0]]) - _NEARLY_AS_LIKE, MINIMUM_SUPPORT)
        compared = [
            (row, self._differences(statement.plain, row, match))
            for row in ranked
            if float(match.support[row]) >= least
        ]
        return next((each for each in compared if not each[1]), compared[0])

    def _differences(self, plain: str, row: int, match: Match) -> tuple[Contradiction, ...]:
        """What a statement says otherwise than the passage at `row`, or than the labels of its table row."""
        found = contradictions(plain, plain_text(self._compared(row, match).text), self.surroundings)
        passage = self.passages[row]
        return found or labels_of_others(plain, passage.text, passage.source, self.labels)

    def _compared(self, row: int, match: Match) -> Passage:
        """The passage at `row`; of two adjacent sentences the one that supports the statement about as well alone.

        Otherwise a name of the other sentence would not be noticed in the wrong place.
        """
        singles = [column for column, passage in enumerate(self.passages) if passage.is_single]
        part = max((singles[part] for part in self.passages[row].parts), key=match.support.tolist().__getitem__)
        least = max(float(match.support[row]) - _MOST_BY_OTHER, MINIMUM_SUPPORT)
        return self.passages[part if float(match.support[part]) >= least else row]


def _verdict(statement: Statement, *, is_alike: bool, is_altered: bool = False) -> Verdict:
    if not statement.is_checkable:
        return "unchecked"
    if is_altered:
        return "altered"
    return "supported" if is_alike else "unsupported"


def _scores(cosines: FloatArray, passages: Sequence[Passage], n_hits: int) -> tuple[float, ...]:
    """For each hit the cosine of its nearest sentence; -1 for a hit without sentences."""
    by_hit: list[list[float]] = [[] for _ in range(n_hits)]
    for passage, cosine in zip(passages, cosines.tolist(), strict=True):
        if passage.is_single:
            by_hit[passage.source].append(cosine)
    return tuple(max(found, default=-1.0) for found in by_hit)


def _nearest(match: Match, passages: Sequence[Passage], scores: Sequence[float]) -> int:
    """The row of the most similar passage within the hit with the highest score, which is where pages show it."""
    hit = max(dict.fromkeys(passage.source for passage in passages), key=scores.__getitem__)
    rows = [row for row, passage in enumerate(passages) if passage.source == hit]
    return max(rows, key=match.likeness.tolist().__getitem__)


def _without_passages(statement: Statement, n_hits: int) -> Support:
    return Support(statement.start, statement.end, _verdict(statement, is_alike=False), (0.0,) * n_hits)
