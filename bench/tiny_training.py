"""The small encoder trained on the sample's passages, against word counts (TF-IDF) on the same held-back pairs.

python -m bench.tiny_training     eight seeds, default settings: scores of each, their means, and the time
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time

from rag import config
from rag.anatomy.training.scores import Scores, chance_scores
from rag.anatomy.training.settings import Settings
from rag.anatomy.training.trainer import Training


def sample_topics() -> tuple[list[str], list[str]]:
    """The 200 passages of topics.csv, and the topic of each."""
    with (config.SAMPLES / "topics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["topic"] for row in rows]


def sample_passages() -> list[str]:
    """The passages of topics.csv and the paragraphs of the handbook's plain texts."""
    files = sorted(path for path in (config.SAMPLES / "handbook").iterdir() if path.suffix in {".md", ".txt"})
    return sample_topics()[0] + [part for path in files for part in path.read_text("utf-8").split("\n\n")]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.tiny_training", description=__doc__)
    parser.add_argument("--seeds", type=int, default=8, help="seeds, from 0 (default: 8)")
    options = parser.parse_args()
    passages = sample_passages()
    kept: dict[str, list[Scores]] = {}
    for seed in range(options.seeds):
        for name, scores in _scores(passages, seed).items():
            kept.setdefault(name, []).append(scores)
    print(f"\nmean of {options.seeds} seeds")
    for name, several in kept.items():
        means = (statistics.mean(getattr(scores, field) for scores in several) for field in _FIELDS)
        print(f"{name:32}", "  ".join(f"{mean:.3f}" for mean in means))


_FIELDS = ("accuracy", "accuracy_at_5", "reciprocal_rank")


def _scores(passages: list[str], seed: int) -> dict[str, Scores]:
    began = time.perf_counter()
    training = Training(passages, Settings(seed=seed))
    prepared = time.perf_counter()
    *_, last = training.advance(lambda share: None)
    trained = time.perf_counter()
    print(
        f"seed {seed}: {len(training.pairs.trained)} passages trained on, {len(training.pairs.held)} held back, "
        f"{training.encoder.n_parameters:,} parameters; {prepared - began:.1f} s + {trained - prepared:.1f} s"
    )
    found = {
        "word counts": training.word_counts.whole,
        "encoder": last.measured.whole,
        "both together": last.with_word_counts.whole,
        "chance, no word shared": chance_scores(training.word_counts.apart.n),
        "word counts, no word shared": training.word_counts.apart,
        "encoder, no word shared": last.measured.apart,
    }
    for name, scores in found.items():
        print(f"  {name:30}", "  ".join(f"{getattr(scores, field):.3f}" for field in _FIELDS))
    return found


if __name__ == "__main__":
    main()
