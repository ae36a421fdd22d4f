"""Time and memory of an ingest of one long CSV and of many mixed files, on an idle machine and next to busy processes.

python -m bench.long_ingest                  20,000 rows, and 300 mixed files, idle and next to two busy processes
python -m bench.long_ingest --rows 100000    one CSV of so many rows, idle, for the memory
python -m bench.long_ingest --memory         the memory alone: CSVs of 20,000 and 100,000 rows, without the model's work

The reference is plain `SentenceTransformer.encode` in float32 of a sample of the same chunks, right after the ingest;
its time is scaled to all chunks. Each ingest runs in a new process.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.few_texts import busy_processes
from bench.ingest import load_with_empty_cache, new_collection, own_peak, peak_of, take_in, texts, verdict
from bench.reference import encode_plainly, load_plain
from rag import config
from rag.documents.sandbox.reader import DocumentReader

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from rag.types import Chunk, FloatArray

_ROWS, _FILES, _SAMPLE = 20_000, 300, 800
_WORDS_A_ROW, _WORDS_A_FILE = 40, 600
_MAX_NOT_EMBEDDING = 0.12
_MIB = 1024**2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.long_ingest", description=__doc__)
    parser.add_argument("--rows", type=int, default=0, help="only one CSV of so many rows, on an idle machine")
    parser.add_argument("--memory", action="store_true", help="only memory, with made-up vectors: a few minutes")
    parser.add_argument("--made-up", action="store_true", help="with --measure: made-up vectors, and only the memory")
    parser.add_argument("--measure", type=Path, help="ingest this file or folder in this process, and print the result")
    options = parser.parse_args()
    if options.measure:
        measure_memory(options.measure) if options.made_up else measure(options.measure)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.memory:
            for n_rows in (_ROWS, 5 * _ROWS):
                run(write_csv(folder / f"{n_rows}-rows.csv", n_rows), "--made-up", busy=0)
            return
        if options.rows:
            run(write_csv(folder / "rows.csv", options.rows), busy=0)
            return
        table, mixed = write_csv(folder / "rows.csv", _ROWS), write_mixed(folder / "mixed")
        for busy, path in itertools.product((0, 2), (table, mixed)):
            run(path, busy=busy)


def run(path: Path, *more: str, busy: int) -> None:
    with busy_processes(busy):
        print(f"{path.name}, next to {busy} busy processes, load {os.getloadavg()[0]:.1f}: ", end="", flush=True)
        subprocess.run([sys.executable, "-m", "bench.long_ingest", "--measure", str(path), *more], check=True)


def measure(path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        embedder = load_with_empty_cache(folder / "cache")
        before, started = own_peak(), time.perf_counter()
        collection = new_collection(folder, "long", embedder, config.DEFAULT_CHUNKING)
        with DocumentReader() as reader:
            done = take_in([path], collection, embedder, reader)
            reading = peak_of(reader)
        peak = own_peak()
        chunks = collection.chunks()
        print(f"{len(chunks):,} chunks in {done.seconds:.1f} s ({len(chunks) / done.seconds:.0f} a second)", end="; ")
        plain = load_plain()
        encode_plainly(plain, ["warm"])
        theirs = plain_seconds(plain, chunks)
        share = 1 - done.in_model / done.seconds
        print(f"plain float32 encode {theirs:.1f} s, scaled: ratio {theirs / done.seconds:.2f}; ", end="")
        print(
            f"not embedding {share:.1%} (at most {_MAX_NOT_EMBEDDING:.0%}: {verdict(share <= _MAX_NOT_EMBEDDING)}); "
            f"peak memory {peak / _MIB:,.0f} MiB, {(peak - before) / _MIB:,.0f} more than with the model alone; "
            f"{reading / _MIB:,.0f} MiB in the reader's process; {time.perf_counter() - started:.0f} s in all"
        )


def measure_memory(path: Path) -> None:
    """The peak of everything but the model's own work, which needs about 350 MiB more, for a file of any length."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        embedder = load_with_empty_cache(folder / "cache", made_up_vectors)
        before = own_peak()
        collection = new_collection(folder, "long", embedder, config.DEFAULT_CHUNKING)
        with DocumentReader() as reader:
            take_in([path], collection, embedder, reader)
            reading = peak_of(reader)
        print(
            f"{collection.n_chunks():,} chunks: peak memory {own_peak() / _MIB:,.0f} MiB, "
            f"{(own_peak() - before) / _MIB:,.0f} more than with the model alone; "
            f"{reading / _MIB:,.0f} MiB in the reader's process"
        )


def made_up_vectors(texts: Sequence[str]) -> FloatArray:
    """Random unit vectors, float32 (n, 384); the same text has the same vector."""
    import numpy as np

    seeds = [hashlib.sha256(text.encode()).digest()[:8] for text in texts]
    rows = [np.random.default_rng(int.from_bytes(seed)).standard_normal(384, dtype=np.float32) for seed in seeds]
    vectors = np.array(rows, dtype=np.float32).reshape(len(rows), 384)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def plain_seconds(plain: SentenceTransformer, chunks: list[Chunk]) -> float:
    """Seconds of the plain model for all chunks, from a sample of them in regular steps."""
    sample = [chunk.embedded_text for chunk in chunks[:: max(1, len(chunks) // _SAMPLE)]]
    started = time.perf_counter()
    encode_plainly(plain, sample)
    return (time.perf_counter() - started) * len(chunks) / len(sample)


def passages(n_words: int) -> Iterator[str]:
    """Endless passages of so many words."""
    words = (word for text in texts() for word in text.split())
    while True:
        yield " ".join(itertools.islice(words, n_words))


def write_csv(path: Path, n_rows: int) -> Path:
    source = passages(_WORDS_A_ROW)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "topic", "text"])
        table.writerows([number, f"Topic {number % 20}", next(source)] for number in range(n_rows))
    return path


def write_mixed(folder: Path) -> Path:
    """Files of five formats, in turn."""
    folder.mkdir()
    source = passages(_WORDS_A_FILE)
    for number, kind in zip(range(_FILES), itertools.cycle(["md", "txt", "html", "csv", "jsonl"])):
        path, words = folder / f"{number:03}.{kind}", next(source).split()
        parts = [" ".join(words[start : start + 100]) for start in range(0, len(words), 100)]
        if kind == "md":
            path.write_text("# Notes\n\n" + "\n\n".join(f"## Part\n\n{part}" for part in parts), "utf-8")
        elif kind == "txt":
            path.write_text("\n\n".join(parts), "utf-8")
        elif kind == "html":
            path.write_text("<html><body>" + "".join(f"<h2>Part</h2><p>{one}</p>" for one in parts), "utf-8")
        elif kind == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([["id", "text"], *enumerate(parts)])
        else:
            path.write_text("\n".join(json.dumps({"id": i, "text": one}) for i, one in enumerate(parts)), "utf-8")
    return folder


if __name__ == "__main__":
    main()
