"""Precision and recall of grounding at several thresholds: supported sentences against unsupported ones.

python -m bench.answer_checks.grounding     about a minute; creates a new sample collection each time

MINIMUM_SUPPORT was chosen with the 1st, 3rd, 5th ... of the 30 sample questions, and is tested with the others. The
answers are in answers.jsonl: close (reworded), loose (in quite different words, often shorter) and invented (about the
question's subject, but not from the documents). All were written for this benchmark.
"""

from __future__ import annotations

import csv
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.reference import load_ours
from rag import config
from rag.answering.claims import Statement, is_checkable, plain_text
from rag.answering.grounding import MINIMUM_SUPPORT
from rag.answering.passage_match import match_statements, passages_of
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import find_files
from rag.index.loading import load_index
from rag.ingest.pipeline import ingest
from rag.retrieval.retrievers import DenseRetriever
from rag.store.collection import Collection
from rag.text.sentences import split_sentences
from rag.types import Embedder, Hit

if TYPE_CHECKING:
    from rag.types import FloatArray

SUPPORTED = ("copied", "close", "short", "loose")
UNSUPPORTED = ("invented", "changed number", "another question's", "another topic")
_THRESHOLDS = (0.40, 0.45, 0.50, 0.52, 0.54, MINIMUM_SUPPORT, 0.58, 0.60, 0.65, 0.70, 0.75)
_DIGITS = re.compile(r"\d+")
_SPELLED = {"four": "seven", "nine": "three", "ten": "six", "eleven": "five", "six": "eight", "sixty": "forty"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence's kind, and its strength: the likeness of the passage that supports it best."""

    kind: str
    strength: float
    is_first_half: bool


class Remembering:
    """An embedding model with a cache: it embeds no text twice."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.window, self.count_tokens = embedder.window, embedder.count_tokens
        self._known: dict[str, FloatArray] = {}

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        import numpy as np

        new = [text for text in texts if text not in self._known]
        if new:
            self._known.update(zip(new, self._embedder.encode_documents(new), strict=True))
        return np.array([self._known[text] for text in texts])


def with_changed_number(sentence: str) -> str:
    """The sentence with another number: the first in digits plus 7, or else one in words replaced, if it has any."""
    if _DIGITS.search(sentence):
        return _DIGITS.sub(lambda match: str(int(match[0]) + 7), sentence, count=1)
    for word, other in _SPELLED.items():
        if re.search(rf"\b{word}\b", sentence):
            return re.sub(rf"\b{word}\b", other, sentence, count=1)
    return sentence


def read_lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def topic_sentences() -> list[str]:
    with (config.SAMPLES / "topics.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    return [text[start:end] for text in texts for start, end in split_sentences(text) if is_checkable(text[start:end])]


def strengths(sentences: Sequence[str], hits: Sequence[Hit], embedder: Remembering) -> list[float]:
    stated = [Statement(0, len(sentence), plain_text(sentence), True) for sentence in sentences]
    matches = match_statements(stated, passages_of([hit.chunk.text for hit in hits]), embedder)
    return [float(match.support.max()) for match in matches]


def judge_all(retriever: DenseRetriever, embedder: Remembering) -> list[Judged]:
    questions = read_lines(config.SAMPLES / "questions.jsonl")
    topics, judged = topic_sentences(), []
    for place, (item, answers) in enumerate(
        zip(questions, read_lines(Path(__file__).with_name("answers.jsonl")), strict=True)
    ):
        hits = retriever.retrieve(item["question"], 5)
        shown = "\n".join(hit.chunk.text for hit in hits)
        changed = [with_changed_number(text) for text in (item["passage"], answers["close"])]
        kinds = {
            "copied": [item["passage"]],
            "close": [answers["close"]],
            "short": [item["answer"]] if is_checkable(item["answer"]) else [],
            "loose": [answers["loose"]],
            "invented": [answers["invented"]],
            "changed number": [text for text in changed if text not in (item["passage"], answers["close"])],
            "another question's": [other["passage"] for other in questions if other["passage"] not in shown],
            "another topic": [text for text in topics if text not in shown],
        }
        for kind, sentences in kinds.items():
            judged += [Judged(kind, found, place % 2 == 0) for found in strengths(sentences, hits, embedder)]
    return judged


def share(judged: Sequence[Judged], kind: str, threshold: float) -> float:
    """The share of the sentences of a kind that are judged correctly."""
    found = [item.strength >= threshold for item in judged if item.kind == kind]
    right = sum(found) if kind in SUPPORTED else len(found) - sum(found)
    return right / len(found)


def print_table(judged: Sequence[Judged], thresholds: Sequence[float]) -> None:
    """Print a line for each threshold; all kinds of sentences have the same weight in precision and recall."""
    counts = [sum(item.kind == kind for item in judged) for kind in (*SUPPORTED, *UNSUPPORTED)]
    print(
        "threshold precision recall   "
        + "  ".join(f"{kind} ({n:,})" for kind, n in zip((*SUPPORTED, *UNSUPPORTED), counts, strict=True))
    )
    for threshold in thresholds:
        right = {kind: share(judged, kind, threshold) for kind in (*SUPPORTED, *UNSUPPORTED)}
        true, false = sum(right[kind] for kind in SUPPORTED), sum(1 - right[kind] for kind in UNSUPPORTED)
        shares = "  ".join(f"{value:.3f}" for value in right.values())
        print(f"{threshold:9.2f} {true / max(true + false, 1e-9):9.3f} {true / len(SUPPORTED):6.3f}   {shares}")


def main() -> None:
    embedder = load_ours()
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.create(Path(folder), "Bench", embedder.spec, config.DEFAULT_CHUNKING)
        with DocumentReader() as reader:
            files = find_files([config.SAMPLES / "topics.csv", config.SAMPLES / "handbook"])
            list(ingest(collection, files, embedder, reader))
        retriever = DenseRetriever(collection, load_index(collection), embedder)
        judged = judge_all(retriever, Remembering(embedder))
    print(f"grounding: shares rightly judged, embeddings in {embedder.precision}; the half that chose the threshold:")
    print_table([item for item in judged if item.is_first_half], _THRESHOLDS)
    print("the other half:")
    print_table([item for item in judged if not item.is_first_half], [MINIMUM_SUPPORT])


if __name__ == "__main__":
    main()
