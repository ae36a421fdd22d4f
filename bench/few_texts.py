"""Time to embed one question with one thread, as the app does, against all cores, in turn.

python -m bench.few_texts     with no other load, then with one busy process, like a browser that draws an answer
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.embedding import sample_chunks
from bench.reference import load_ours
from rag.embedding.embedder import SentenceTransformerEmbedder
from rag.runtime import cpu

_QUESTION = ["How many days of paid leave do full-time staff have?"]
_PAUSE = 0.01
"""Seconds between two questions, in which the threads fall asleep."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.few_texts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="rounds, both sides in each (default: 40)")
    options = parser.parse_args()
    embedder = load_ours()
    shapes = {"one question": _QUESTION, "one passage": sample_chunks(1)}
    for busy in (0, 1):
        with busy_processes(busy):
            for name, texts in shapes.items():
                _report(f"{name} next to {busy} busy processes", embedder, texts, options.rounds)


def _report(name: str, embedder: SentenceTransformerEmbedder, texts: list[str], rounds: int) -> None:
    few = cpu.FEW_TOKENS
    taken: dict[int, list[float]] = {few: [], 0: []}
    for _ in range(rounds):
        for limit, times in taken.items():
            cpu.FEW_TOKENS = limit
            times.append(_milliseconds(embedder, texts))
    cpu.FEW_TOKENS = few
    one, every = (statistics.median(times[3:]) for times in taken.values())
    worst = f"at worst {max(taken[few][3:]):.0f} and {max(taken[0][3:]):.0f} ms"
    print(f"{name}: one thread {one:.1f} ms, every core {every:.1f} ms, {every / one:.2f} times as long; {worst}")


def _milliseconds(embedder: SentenceTransformerEmbedder, texts: list[str]) -> float:
    time.sleep(_PAUSE)
    began = time.perf_counter()
    embedder.encode_queries(texts)
    return (time.perf_counter() - began) * 1000


@contextmanager
def busy_processes(number: int) -> Iterator[None]:
    """Keep this many cores busy."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
