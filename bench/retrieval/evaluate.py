"""How long an exam takes: five questions, and all questions of the largest test collection with cached embeddings.

python -m bench.retrieval.evaluate               the collection scifact, 5,183 documents
python -m bench.retrieval.evaluate --folder F    another exam in the BEIR layout
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace
from pathlib import Path

from bench.reference import SCIFACT
from rag import config
from rag.embedding.cached import load_cached_embedder
from rag.evaluation.beir import Exam, read_exam
from rag.evaluation.run import run_exam
from rag.retrieval.settings import Mode

_ROUNDS = 3
_MODES: tuple[Mode, ...] = ("dense", "keyword", "hybrid")
_ALLOWED = {"five questions over their documents": 1.0, "all questions and documents": 20.0}


def few(exam: Exam, n: int = 5) -> Exam:
    """The first n judged questions, with their relevant documents and as many others."""
    queries = exam.judged[:n]
    relevant = [name for query in queries for name in exam.grades[query]]
    others = [name for name in exam.documents if name not in relevant][: 2 * len(relevant)]
    return replace(
        exam,
        documents={name: exam.documents[name] for name in (*dict.fromkeys(relevant), *others)},
        queries={query: exam.queries[query] for query in queries},
        grades={query: exam.grades[query] for query in queries},
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval.evaluate", description=__doc__)
    parser.add_argument("--folder", type=Path, default=SCIFACT, help="an exam (default: scifact)")
    options = parser.parse_args()
    if not options.folder.is_dir():
        print(f"seconds of an exam: skipped, there is none at {options.folder}; --folder names another")
        return
    whole, embedder = read_exam(options.folder), load_cached_embedder(config.DEFAULT_EMBEDDING_MODEL)
    exams = dict(zip(_ALLOWED, (few(whole), whole), strict=True))
    for exam in exams.values():
        run_exam(exam, "hybrid", embedder)
    taken: dict[tuple[str, Mode], list[float]] = {(what, mode): [] for what in exams for mode in _MODES}
    for _ in range(_ROUNDS):
        for what, mode in taken:
            started = time.perf_counter()
            run_exam(exams[what], mode, embedder)
            taken[what, mode].append(time.perf_counter() - started)
    for what, exam in exams.items():
        seconds = {mode: statistics.median(taken[what, mode]) for mode in _MODES}
        verdict = "reached" if max(seconds.values()) <= _ALLOWED[what] else "NOT REACHED"
        said = ", ".join(f"{mode} {figure:.2f} s" for mode, figure in seconds.items())
        print(
            f"{what} ({len(exam.judged):,} and {len(exam.documents):,}): {said}; ratio of hybrid to dense "
            f"{seconds['hybrid'] / seconds['dense']:.2f} (at most {_ALLOWED[what]:.0f} s: {verdict})"
        )


if __name__ == "__main__":
    main()
