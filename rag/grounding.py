"""Answer and hits -> citations, computed: small models cannot be trusted to write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.sentences import split_sentences
from rag.types import Embedder, Hit

MINIMUM_SIMILARITY = 0.55
_MINIMUM_WORDS = 3
_MINIMUM_LETTERS = 12


def nearest_sentences(question: str, hits: Sequence[Hit], embedder: Embedder, n: int = 2) -> tuple[Hit, ...]:
    """The hits that hold the `n` sentences most similar to the question, each with only those as its excerpt."""
    sentences = [
        (row, hit.chunk.text[start:end])
        for row, hit in enumerate(hits)
        for start, end in split_sentences(hit.chunk.text)
        if end - start >= _MINIMUM_LETTERS and not hit.chunk.text[start:end].startswith("#")
    ]
    if not sentences:
        return tuple(hits)
    similarity = embedder.encode_documents([text for _, text in sentences]) @ embedder.encode_queries([question])[0]
    best = sorted(similarity.argsort()[::-1][:n].tolist())
    rows = dict.fromkeys(sentences[position][0] for position in best)
    excerpts = {row: " ".join(sentences[p][1] for p in best if sentences[p][0] == row) for row in rows}
    return tuple(replace(hits[row], excerpt=excerpt) for row, excerpt in excerpts.items())


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
