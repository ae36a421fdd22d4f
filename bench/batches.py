"""Batches of texts side by side, one thread each, and one after another on all threads; and the memory of their shapes.

python -m bench.batches     both ways in turn, on an idle machine and next to two busy processes; then the memory and
                            processor time of many batches, with torch's cache for shapes as it is set and as it comes
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

from bench.embedding import race, sample_chunks
from bench.few_texts import busy_processes
from bench.reference import load_ours, sample_texts
from rag import config
from rag.embedding.batching import batches_by_length
from rag.embedding.embedder import SentenceTransformerEmbedder
from rag.runtime.cpu import use_all_cores

_TEXTS = 256
_TOKENS_PER_THREAD = 1024
_SHAPES = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
_MIB = 1024**2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.batches", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, both sides in each (default: 5)")
    parser.add_argument("--groups", type=int, default=12, help="groups of 256 texts for the memory (default: 12)")
    parser.add_argument("--measure", action="store_true", help="print the memory and time of this process and end")
    options = parser.parse_args()
    if options.measure:
        print(*_memory_and_time(options.groups))
        return
    ours, texts = load_ours(), sample_chunks(_TEXTS)
    for busy in (0, 2):
        with busy_processes(busy):
            _report_ways(ours, texts, busy, options.rounds)
    _report_shapes(options.groups, options.rounds)


def _report_ways(ours: SentenceTransformerEmbedder, texts: list[str], busy: int, rounds: int) -> None:
    sides = {
        "one after another": lambda: _one_after_another(ours, texts),
        "side by side": lambda: ours.encode_documents(texts),
    }
    before, now = race(sides, len(texts), rounds)
    ratio = statistics.median(mine / other for mine, other in zip(now.rounds, before.rounds, strict=True))
    print(
        f"next to {busy} busy processes, load {os.getloadavg()[0]:.1f}: {before}; {now}; ratio {ratio:.2f}", flush=True
    )


def _one_after_another(ours: SentenceTransformerEmbedder, texts: list[str]) -> None:
    use_all_cores()
    lengths = [count + 2 for count in ours.count_tokens(texts)]
    for batch in batches_by_length(lengths, _TOKENS_PER_THREAD * config.cpu_threads()):
        ours._model.encode([texts[i] for i in batch], batch_size=len(batch), show_progress_bar=False)


def _report_shapes(groups: int, rounds: int) -> None:
    """New processes, in turn: with the variable that rag sets, and with the library's own 1,024."""
    taken: dict[str, list[tuple[float, float]]] = {"128": [], "1024": []}
    for _ in range(rounds):
        for capacity, results in taken.items():
            command = [sys.executable, "-m", "bench.batches", "--measure", "--groups", str(groups)]
            done = subprocess.run(
                command, env={**os.environ, _SHAPES: capacity}, check=True, capture_output=True, text=True
            )
            memory, seconds = done.stdout.split()[-2:]
            results.append((float(memory), float(seconds)))
    for capacity, results in taken.items():
        memory, seconds = (statistics.median(one[i] for one in results) for i in (0, 1))
        print(f"{capacity} shapes: {memory:,.0f} MiB more after {groups} groups, {seconds:.1f} s of processor time")


def _memory_and_time(groups: int) -> tuple[float, float]:
    """The growth of this process's peak memory over that of the loaded model, in MiB, and its processor seconds."""
    ours, chance = load_ours(), random.Random(config.SEED)
    words = np.array(" ".join(sample_texts()).split())
    ours.encode_documents(["warm"])
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for group in range(groups):
        ours.encode_documents(
            [f"{group} {i} {' '.join(chance.choices(words, k=chance.randint(25, 45)))}" for i in range(_TEXTS)]
        )
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)
    return grown / _MIB, time.process_time() - started


if __name__ == "__main__":
    main()
