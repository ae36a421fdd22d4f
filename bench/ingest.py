"""Time of an ingest, from files to the first search, against plain `SentenceTransformer.encode` of the same chunks.

python -m bench.ingest                about 2,000 chunks: both sides in turn, in eight parts, and repeated ingests
python -m bench.ingest --chunks 300   a quick look
python -m bench.ingest --large        100,000 short chunks: the peak memory
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.reference import RETRIEVAL, encode_plainly, load_ours, load_plain, read_documents, sample_texts
from rag import config
from rag.documents.sandbox.reader import DocumentReader
from rag.documents.sources import find_files
from rag.embedding.cached import CacheCounts, CachedEmbedder, VectorCache
from rag.index.loading import load_index
from rag.ingest.pipeline import ingest
from rag.retrieval.retrievers import DenseRetriever
from rag.store.collection import Collection
from rag.types import ChunkingSpec

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from rag.types import FloatArray

_ROUNDS = 2
_PARTS = 8
_CHUNKS = 2_000
_LARGE_CHUNKS = 100_000
_LARGE = ChunkingSpec(max_tokens=32)
_LARGE_TEXTS_A_FILE = 100
_CHARACTERS_A_TOKEN = 4.2
"""Of English text, in the tokens of all-MiniLM-L6-v2."""
_FILLED = 0.75
_LARGE_FILLED = 0.85
_NOT_ENGLISH = frozenset({"xquad_de", "xquad_ru"})
_MAX_NOT_EMBEDDING = 0.15
_TIMES_FASTER = 50
_MIB = 1024**2
_MOST_MIB = 3 * 1024


@dataclass(frozen=True, slots=True)
class Run:
    """One ingest: its seconds until the first search was answered, and what was embedded.

    `in_model` is the part of these seconds spent in the model; the next files are read at the same time.
    """

    seconds: float
    in_model: float
    collection: Collection
    outcomes: dict[str, int]
    counts: CacheCounts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--chunks", type=int, default=0, help=f"about how many (default: {_CHUNKS:,})")
    parser.add_argument("--large", action="store_true", help=f"{_LARGE_CHUNKS:,} short chunks, for the memory alone")
    options = parser.parse_args()
    print(f"{config.cpu_threads()} threads, load before the start {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        if options.large:
            measure_memory(Path(folder), options.chunks or _LARGE_CHUNKS)
        else:
            measure_speed(Path(folder), options.chunks or _CHUNKS)


# The files


def texts() -> Iterator[str]:
    """Endless texts without repeated sentences: from the English test collections if there are any, else made up."""
    sets = sorted(path.parent for path in RETRIEVAL.glob("*/corpus.jsonl") if path.parent.name not in _NOT_ENGLISH)
    if not sets:
        yield from made_up_texts()
    documents = [text for path in sets for text in read_documents(path).values() if text]
    random.Random(config.SEED).shuffle(documents)
    for copy in itertools.count():
        for text in documents:
            yield text.replace(". ", f". {copy} ") if copy else text


def made_up_texts() -> Iterator[str]:
    """Endless texts of the samples' words in random order, with as many tokens as real text."""
    chance = random.Random(config.SEED)
    words = [word.strip(".,:;|#*\"'()").lower() for text in sample_texts() for word in text.split()]
    while True:
        sentences = [" ".join(chance.choices(words, k=chance.randint(6, 24))) for _ in range(chance.randint(4, 16))]
        yield " ".join(f"{sentence.capitalize()}." for sentence in sentences)


def write_files(folder: Path, tokens: float, *, texts_a_file: int) -> None:
    """Write files of `texts_a_file` texts each, with about `tokens` tokens in total."""
    folder.mkdir()
    left, source = tokens * _CHARACTERS_A_TOKEN, texts()
    for number in itertools.count():
        content = "\n\n".join(itertools.islice(source, texts_a_file))
        (folder / f"text-{number:06}.md").write_text(content, "utf-8")
        left -= len(content)
        if left <= 0:
            return


# One ingest


@dataclass(frozen=True, slots=True)
class Pair:
    """An ingest of some files, and the seconds that plain sentence-transformers took for the same chunks."""

    run: Run
    plain: float


class TimedEmbedder(CachedEmbedder):
    """The app's embedder, which adds up the seconds spent in its model.

    Args:
        encode: texts -> unit vectors, in place of the model.
    """

    def __init__(self, encode: Callable[[Sequence[str]], FloatArray] | None = None) -> None:
        model = load_ours()
        super().__init__(model, VectorCache.default())
        self.seconds = 0.0
        encode = encode or model.encode_documents

        def timed(texts: Sequence[str]) -> FloatArray:
            started = time.perf_counter()
            vectors = encode(texts)
            self.seconds += time.perf_counter() - started
            return vectors

        model.encode_documents = timed  # type: ignore[method-assign]


def take_in(
    paths: Sequence[Path], collection: Collection, embedder: TimedEmbedder, reader: DocumentReader | None = None
) -> Run:
    """Ingest the files, build the index and answer a search, with this reader or a new one."""
    before, in_model = embedder.counts, embedder.seconds
    started = time.perf_counter()
    with nullcontext(reader) if reader else DocumentReader() as used:
        outcomes = [done.outcome for done in ingest(collection, find_files(paths), embedder, used)]
    hits = DenseRetriever(collection, load_index(collection), embedder).retrieve("what was found", 5)
    elapsed = time.perf_counter() - started
    assert len(hits) == 5
    after = embedder.counts
    counts = CacheCounts(after.embedded - before.embedded, after.reused - before.reused)
    by_name = {name: outcomes.count(name) for name in sorted(set(outcomes))}
    return Run(elapsed, embedder.seconds - in_model, collection, by_name, counts)


def load_with_empty_cache(folder: Path, encode: Callable[[Sequence[str]], FloatArray] | None = None) -> TimedEmbedder:
    """The app's embedder with an empty cache, after a first call, which is slower. Argument as of `TimedEmbedder`."""
    os.environ["EXPLORER_CACHE_DIR"] = str(folder)
    embedder = TimedEmbedder(encode)
    embedder.encode_queries(["warm"])
    return embedder


def new_collection(folder: Path, name: str, embedder: TimedEmbedder, chunking: ChunkingSpec) -> Collection:
    return Collection.create(folder / "collections", name, embedder.spec, chunking)


# What is measured


def measure_speed(folder: Path, n_chunks: int) -> None:
    files = folder / "files"
    write_files(files, n_chunks * ChunkingSpec().max_tokens * _FILLED, texts_a_file=1)
    plain = load_plain()
    encode_plainly(plain, ["warm"])
    rounds = [race(folder / f"round {number}", files, plain) for number in range(_ROUNDS)]
    stored = rounds[-1][0].run.collection.chunks()
    n_tokens = statistics.mean(chunk.n_tokens for chunk in stored)
    print(f"{len(list(files.iterdir())):,} files, {len(stored):,} chunks of {n_tokens:.0f} tokens, {_ROUNDS} rounds")
    print(f"peak resident memory {own_peak() / _MIB:,.0f} MiB, with both our model and plain sentence-transformers'")
    report_speed(rounds)
    report_again(files, rounds[-1])


def race(folder: Path, files: Path, plain: SentenceTransformer) -> list[Pair]:
    """Ingest each part of the files, then encode it plainly: a busy moment of the machine affects both sides."""
    embedder = load_with_empty_cache(folder / "cache")
    collection = new_collection(folder, "race", embedder, ChunkingSpec())
    paths = sorted(files.iterdir())
    size = math.ceil(len(paths) / _PARTS)
    pairs, n_chunks = [], 0
    with DocumentReader() as reader:
        for start in range(0, len(paths), size):
            run = take_in(paths[start : start + size], collection, embedder, reader)
            texts_in = [chunk.text for chunk in collection.chunks()[n_chunks:]]
            n_chunks += len(texts_in)
            started = time.perf_counter()
            encode_plainly(plain, texts_in)
            pairs.append(Pair(run, time.perf_counter() - started))
    return pairs


def report_speed(rounds: list[list[Pair]]) -> None:
    ours = statistics.median(sum(pair.run.seconds for pair in pairs) for pairs in rounds)
    theirs = statistics.median(sum(pair.plain for pair in pairs) for pairs in rounds)
    ratios = sorted(pair.plain / pair.run.seconds for pairs in rounds for pair in pairs)
    least = 2.5 if has_amx() else 0.9
    print(
        f"whole ingest {ours:.1f} s, plain float32 encode alone {theirs:.1f} s: ratio of the sums {theirs / ours:.2f}, "
        f"median of {len(ratios)} pairs {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}; "
        f"at least {least}: {verdict(statistics.median(ratios) >= least)})"
    )
    runs = [pair.run for pairs in rounds for pair in pairs]
    not_embedding = 1 - sum(run.in_model for run in runs) / sum(run.seconds for run in runs)
    print(
        f"not embedding, the reader's start included: {not_embedding:.1%} of the whole "
        f"(at most {_MAX_NOT_EMBEDDING:.0%}: {verdict(not_embedding <= _MAX_NOT_EMBEDDING)})"
    )


def report_again(files: Path, pairs: list[Pair]) -> None:
    """Ingest the same folder again: into the same collection, into a new one, and with one file changed."""
    collection, embedder = pairs[0].run.collection, TimedEmbedder()
    first = sum(pair.run.seconds for pair in pairs)
    again = take_in([files], collection, embedder)
    faster = first / again.seconds
    print(
        f"the same folder again {again.seconds:.2f} s, {faster:.0f} times faster "
        f"(at least {_TIMES_FASTER}: {verdict(faster >= _TIMES_FASTER)}), {again.outcomes}, {again.counts}"
    )
    other = take_in([files], new_collection(files.parent, "other", embedder, ChunkingSpec()), embedder)
    print(
        f"into another collection {other.seconds:.2f} s, {first / other.seconds:.0f} times faster, "
        f"{other.outcomes}, {other.counts}"
    )
    changed = max(files.iterdir(), key=lambda path: path.stat().st_size)
    changed.write_text(changed.read_text("utf-8") + "\n\nThis sentence was not there before.\n", "utf-8")
    one = take_in([files], collection, embedder)
    n_chunks = next(summary.n_chunks for summary in collection.documents() if summary.name == changed.name)
    print(f"one file of {n_chunks} chunks changed at its end: {one.seconds:.2f} s, {one.outcomes}, {one.counts}")


def measure_memory(folder: Path, n_chunks: int) -> None:
    files = folder / "files"
    write_files(files, n_chunks * _LARGE.max_tokens * _LARGE_FILLED, texts_a_file=_LARGE_TEXTS_A_FILE)
    print(f"{len(list(files.iterdir())):,} files written", flush=True)
    embedder = load_with_empty_cache(folder / "cache")
    collection = new_collection(folder, "large", embedder, _LARGE)
    with DocumentReader() as reader:
        run = take_in([files], collection, embedder, reader)
        ours, readers = own_peak(), peak_of(reader)
    n_stored = collection.n_chunks()
    print(f"{run.outcomes} files, {n_stored:,} chunks in {run.seconds:.0f} s, {n_stored / run.seconds:.0f} chunks/s")
    print(
        f"peak resident memory {ours / _MIB:,.0f} MiB, and {readers / _MIB:,.0f} MiB in the reader's process "
        f"(together below {_MOST_MIB:,} MiB: {verdict((ours + readers) / _MIB < _MOST_MIB)})"
    )


def own_peak() -> int:
    """Peak memory of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def peak_of(reader: DocumentReader) -> int:
    """Peak memory of the reader's process, in bytes; 0 if the system does not report it."""
    process = reader._process
    status = Path(f"/proc/{process.popen.pid}/status") if process else Path()
    found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text("utf-8")) if status.is_file() else None
    return int(found[1]) * 1024 if found else 0


def has_amx() -> bool:
    cpu_info = Path("/proc/cpuinfo")
    return cpu_info.is_file() and "amx_bf16" in cpu_info.read_text("utf-8")


def verdict(is_kept: bool) -> str:
    return "kept" if is_kept else "NOT KEPT"


if __name__ == "__main__":
    main()
