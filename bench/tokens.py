"""Accuracy of token counts against those of a server: with the model's vocabulary, and by estimate without it.

python -m bench.tokens              some minutes: an Ollama server reads the prompts of all sample questions
python -m bench.tokens --model M    the same with another of its models
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag import config
from rag.answering.prompt import build_prompt
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import find_files
from rag.embedding.embedder import load_embedder
from rag.generation.generators import OLLAMA_PREFIX, default_generator
from rag.generation.token_estimate import TokenEstimate
from rag.generation.types import Prompt, PromptStyle
from rag.index.loading import load_index
from rag.ingest.pipeline import ingest
from rag.retrieval.retrievers import DenseRetriever
from rag.servers.ollama import OllamaServer
from rag.servers.types import Message, Usage
from rag.servers.vocabulary import Vocabulary
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.support.odd_texts import TEXTS

_WINDOW = 4096
_ALLOWED = 0.05


@dataclass(frozen=True, slots=True)
class Counted:
    """A prompt and the number of tokens that the server reported for it."""

    kind: str
    messages: tuple[Message, ...]
    true: int


def question_prompts(style: PromptStyle) -> Iterator[Prompt]:
    """The prompt for each of the sample questions."""
    embedder = load_embedder(config.DEFAULT_EMBEDDING_MODEL)
    questions = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.create(Path(folder), "Bench", embedder.spec, ChunkingSpec())
        with DocumentReader() as reader:
            list(ingest(collection, find_files([config.SAMPLES / "handbook"]), embedder, reader))
        retriever = DenseRetriever(collection, load_index(collection), embedder)
        for item in questions:
            hits = retriever.retrieve(item["question"], config.DEFAULT_K)
            yield build_prompt(
                item["question"],
                hits,
                context_window=_WINDOW,
                max_answer_tokens=config.MAX_ANSWER_TOKENS,
                count_tokens=TokenEstimate("bench", "none").count,
                style=style,
            )


def true_count(server: OllamaServer, model: str, messages: tuple[Message, ...]) -> int:
    for piece in server.chat(model, messages, num_ctx=_WINDOW, num_predict=1):
        if isinstance(piece, Usage) and piece.prompt_tokens:
            return piece.prompt_tokens
    raise SystemExit(f"{model} did not say how many tokens it read")


def pair_ratios(prompts: list[Counted], vocabulary: Vocabulary | None) -> list[float]:
    """Estimate / true count of each prompt, after learning from a single other prompt, for all pairs."""
    ratios = []
    for at, seen in enumerate(prompts):
        estimate = TokenEstimate("bench", f"pair {at} {bool(vocabulary)}", vocabulary)
        estimate.learn(seen.messages, seen.true)
        ratios += [estimate.count(other.messages) / other.true for other in prompts if other is not seen]
    return ratios


def compare(prompts: list[Counted], texts: list[Counted], vocabulary: Vocabulary | None) -> None:
    estimate = TokenEstimate("bench", f"all {bool(vocabulary)}", vocabulary)
    before = [estimate.count(each.messages) for each in texts]
    fresh = [estimate.count(each.messages) / each.true for each in prompts]
    pairs = pair_ratios(prompts, vocabulary)
    for each in prompts:
        estimate.learn(each.messages, each.true)
    print(f"{'kind of text':<16}{'true':>7}{'before':>8}{'after':>8}{'after/true':>12}")
    for each, first in zip(texts, before, strict=True):
        after = estimate.count(each.messages)
        print(f"{each.kind:<16}{each.true:>7,}{first:>8,}{after:>8,}{after / each.true:>12.2f}")
    low = min(first / each.true for first, each in zip(before, texts, strict=True))
    print(
        f"before the first answer: at least {low:.3f} of the true count; questions {min(fresh):.3f} to {max(fresh):.3f}"
    )
    outside = statistics.fmean(abs(ratio - 1) > _ALLOWED for ratio in pairs)
    print(
        f"after one answer, {len(pairs)} pairs of questions: {min(pairs):.3f} to {max(pairs):.3f} of the true count, "
        f"{outside:.1%} off by more than {_ALLOWED:.0%}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=default_generator().removeprefix(OLLAMA_PREFIX))
    model = parser.parse_args().model
    server = OllamaServer(config.ollama_host())
    style: PromptStyle = "chat" if server.details(model).has_template else "plain"
    messages = [prompt.messages for prompt in question_prompts(style)]
    prompts = [Counted("question", each, true_count(server, model, each)) for each in messages]
    texts = []
    for kind, text in TEXTS.items():
        asked = (Message("user", text),)
        texts.append(Counted(kind, asked, true_count(server, model, asked)))
    with tempfile.TemporaryDirectory() as folder:
        # What the app has learned is left alone.
        os.environ["EXPLORER_CACHE_DIR"] = folder
        vocabulary = server.answering_vocabulary(model)
        if vocabulary:
            print(f"{model}, with its own vocabulary of {len(vocabulary):,} tokens")
            compare(prompts, texts, vocabulary)
        print(f"{model}, as if its vocabulary were not told")
        compare(prompts, texts, None)


if __name__ == "__main__":
    main()
