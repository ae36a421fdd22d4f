"""Record a model's answers to the samples' questions, for data/samples/recorded.json. Run by `make recordings`.

An answer is kept if it contains what is expected and each of its sentences is supported by the expected document.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.tiny_model import is_answered
from rag import config
from rag.answer import Equipment, Request, answer_question
from rag.answering.types import Answer, LabelledAnswer, Turn
from rag.conversations.recordings import FILE_NAME, record
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import find_files
from rag.embedding.embedder import load_embedder
from rag.generation.generators import load_generator
from rag.ingest.pipeline import ingest
from rag.retrieval.loading import load_retriever
from rag.retrieval.settings import RetrievalSettings
from rag.store.collection import Collection

_EXAMPLE = {
    "question": "How many days of paid leave do full-time staff have?",
    "answer": "29 days",
    "document": "leave-and-benefits.html",
}
"""The Chat page offers this question with two of the sample questions."""


def is_good(answer: Answer, item: Mapping[str, str]) -> bool:
    """Whether to keep an answer; `item` is the sample question, with its expected answer and document."""
    is_supported = [one.verdict == "supported" for one in answer.supports]
    if not (is_supported and all(is_supported) and is_answered(item["answer"], answer.text)):
        return False
    sources = {answer.prompt.hits[one.number - 1].document_name for one in answer.supports}
    return sources == {item["document"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=config.BUILTIN_GENERATOR, metavar="ollama:NAME|openai:NAME|builtin")
    embedder, generator = load_embedder(config.DEFAULT_EMBEDDING_MODEL), load_generator(parser.parse_args().model)
    lines = (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [_EXAMPLE, *(json.loads(line) for line in lines)]
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.create(Path(folder), "Sample", embedder.spec, config.DEFAULT_CHUNKING)
        files = find_files([config.SAMPLES / "topics.csv", config.SAMPLES / "handbook"])
        with DocumentReader() as reader:
            list(ingest(collection, files, embedder, reader))
        equipment = Equipment(load_retriever(collection, RetrievalSettings().mode, embedder), embedder, generator)
        good: dict[str, Turn] = {}
        for item in questions:
            *_, answer = answer_question(Request(item["question"]), equipment)
            if isinstance(answer, Answer) and is_good(answer, item):
                good[item["question"]] = Turn(item["question"], (LabelledAnswer("", answer),))
        n = record(good, good.__getitem__, config.SAMPLES / FILE_NAME)
    print(f"{n} of {len(questions)} answers recorded")


if __name__ == "__main__":
    main()
