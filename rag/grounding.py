"""Answer and hits -> citations, computed: small models cannot be trusted to write them."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Citation, Embedder, Hit

MINIMUM_SIMILARITY = 0.55
_MINIMUM_WORDS = 3


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans [start, end) of the sentences of `text`, without the spaces around them."""
    import sentencex

    spans = []
    for piece in sentencex.get_sentence_boundaries("en", text):
        start, end = piece["start_index"], piece["end_index"]
        for line_start, line_end in _lines(text, start, end):
            spans.append((line_start, line_end))
    return spans


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The non-empty lines of text[start:end], as spans without surrounding spaces."""
    spans, position = [], start
    for line in text[start:end].splitlines(keepends=True):
        if stripped := line.strip():
            first = position + line.index(stripped)
            spans.append((first, first + len(stripped)))
        position += len(line)
    return spans


def cite(answer: str, hits: Sequence[Hit], embedder: Embedder) -> tuple[Citation, ...]:
    """For each sentence of the answer, the hit whose nearest sentence is most similar to it.

    Args:
        hits: as numbered in the prompt: the first is [1].

    Returns:
        At most one citation a sentence, in the answer's order. A sentence of fewer than three words, or less
        similar than MINIMUM_SIMILARITY (cosine) to everything retrieved, gets none.
    """
    spans = [span for span in split_sentences(answer) if len(answer[span[0] : span[1]].split()) >= _MINIMUM_WORDS]
    passages = [
        (number, hit, hit.chunk.text[start:end])
        for number, hit in enumerate(hits, start=1)
        for start, end in split_sentences(hit.chunk.text)
    ]
    if not spans or not passages:
        return ()
    similarity = (
        embedder.encode_documents([answer[start:end] for start, end in spans])
        @ embedder.encode_documents([text for _, _, text in passages]).T
    )
    citations = []
    for (start, end), row in zip(spans, similarity, strict=True):
        best = int(row.argmax())
        if (score := float(row[best])) >= MINIMUM_SIMILARITY:
            number, hit, passage = passages[best]
            citations.append(Citation(start, end, number, hit, passage, min(score, 1.0)))
    return tuple(citations)
