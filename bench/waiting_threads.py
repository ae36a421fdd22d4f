"""Time of one batch and of the index benchmark, with threads that sleep while they wait and with threads that spin.

python -m bench.waiting_threads     each side in new processes, in turn, on an idle machine and next to a busy process
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

import numpy as np

from bench.few_texts import busy_processes

_POLICIES = {"sleep": "PASSIVE", "spin": "ACTIVE", "unset": ""}
_BATCH = 128


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.waiting_threads", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, every side in each (default: 5)")
    parser.add_argument("--measure", action="store_true", help="print the two times of this process and end")
    options = parser.parse_args()
    if options.measure:
        print(_batch_seconds(), _index_seconds())
        return
    for busy in (0, 1):
        with busy_processes(busy):
            _report(busy, options.rounds)


def _report(busy: int, rounds: int) -> None:
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in _POLICIES}
    for _ in range(rounds):
        for name, policy in _POLICIES.items():
            taken[name].append(_measured(policy))
    batch, index = ({name: statistics.median(pair[i] for pair in taken[name]) for name in taken} for i in (0, 1))
    for what, seconds in (("batch of texts", batch), ("index benchmark", index)):
        ratios = ", ".join(f"{name} {value:.2f} s ({value / seconds['sleep']:.2f})" for name, value in seconds.items())
        print(f"{what} next to {busy} busy processes: {ratios}", flush=True)


def _measured(policy: str) -> tuple[float, float]:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    # Set to nothing, OpenMP takes its default, and the app leaves the variable alone.
    environment["OMP_WAIT_POLICY"] = policy
    command = [sys.executable, "-m", "bench.waiting_threads", "--measure"]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    batch, index = output.split()
    return float(batch), float(index)


def _batch_seconds() -> float:
    from bench.embedding import sample_chunks
    from bench.reference import load_ours

    embedder, texts = load_ours(), sample_chunks(_BATCH)
    embedder.encode_documents(texts[:16])
    started = time.perf_counter()
    embedder.encode_documents(texts)
    return time.perf_counter() - started


def _index_seconds() -> float:
    from typing import get_args

    from rag.index.benchmark import measure_kinds
    from rag.index.spec import IndexKind

    vectors = np.random.default_rng(0).standard_normal((2_000, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    started = time.perf_counter()
    list(measure_kinds(get_args(IndexKind), vectors, vectors[:100]))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
