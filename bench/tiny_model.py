"""Sample questions that the built-in model answers: from whole passages, against from the nearest sentences."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rag import config
from rag.answering.grounding import nearest_sentences
from rag.answering.prompt import build_prompt
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import find_files
from rag.embedding.embedder import load_embedder
from rag.generation.builtin import BuiltinGenerator
from rag.generation.types import PromptStyle
from rag.index.loading import load_index
from rag.ingest.pipeline import ingest
from rag.retrieval.retrievers import DenseRetriever
from rag.store.collection import Collection
from rag.types import Hit

_LITTLE = frozenset(
    ["a", "an", "and", "at", "day", "days", "every", "first", "for", "in", "is", "least", "of", "on", "the", "to"]
)


def is_answered(expected: str, text: str) -> bool:
    """Whether at least half of the expected answer's telling words are in the text."""
    telling = set(re.findall(r"\w+", expected.lower())) - _LITTLE
    said = set(re.findall(r"\w+", text.lower()))
    return len(telling & said) * 2 >= len(telling)


def answer(generator: BuiltinGenerator, question: str, hits: Sequence[Hit], style: PromptStyle) -> str:
    prompt = build_prompt(
        question,
        hits,
        context_window=generator.context_window,
        max_answer_tokens=generator.max_answer_tokens,
        count_tokens=generator.count_tokens,
        style=style,
    )
    return "".join(piece for piece in generator.stream(prompt) if isinstance(piece, str))


def main() -> None:
    embedder, generator = load_embedder(config.DEFAULT_EMBEDDING_MODEL), BuiltinGenerator.load()
    questions = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.create(Path(folder), "Bench", embedder.spec, config.DEFAULT_CHUNKING)
        with DocumentReader() as reader:
            list(ingest(collection, find_files([config.SAMPLES / "handbook"]), embedder, reader))
        retriever = DenseRetriever(collection, load_index(collection), embedder)
        whole = nearest = 0
        for item in questions:
            hits = retriever.retrieve(item["question"], config.DEFAULT_K)
            excerpts = nearest_sentences(item["question"], hits, embedder)
            whole += is_answered(item["answer"], answer(generator, item["question"], hits, "chat"))
            nearest += is_answered(item["answer"], answer(generator, item["question"], excerpts, "tiny"))
    print(
        f"built-in model, {len(questions)} sample questions answered: from whole passages {whole}, "
        f"from the nearest sentences {nearest}, ratio {nearest / max(whole, 1):.1f}"
    )


if __name__ == "__main__":
    main()
