"""The command `evaluate`: how well search ranks the documents of a test exam, and whether it is worse than before."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rag import config
from rag.cli.common import Commands, Json, add_json, count, print_result
from rag.retrieval.settings import Mode, RetrievalSettings

if TYPE_CHECKING:
    from rag.embedding.cached import CachedEmbedder
    from rag.evaluation.run import ExamRun
    from rag.evaluation.stored.saved_run import Difference, SavedRun


def add_commands(commands: Commands) -> None:
    """Add `evaluate`."""
    evaluate = commands.add_parser(
        "evaluate",
        help="measure search with a test exam: documents, questions, judgements",
        description="Search for every question of an exam in the BEIR layout (corpus.jsonl, queries.jsonl, qrels.tsv), "
        "and measure how well the relevant documents are ranked.",
    )
    evaluate.add_argument("folder", type=Path, metavar="FOLDER")
    evaluate.add_argument(
        "--mode", choices=get_args(Mode), default=RetrievalSettings().mode, help="default: %(default)s"
    )
    evaluate.add_argument("--embedding-model", metavar="NAME", help="default: all-MiniLM-L6-v2")
    evaluate.add_argument(
        "--max-tokens", type=count, metavar="N", help="split the documents into chunks (default: search them whole)"
    )
    evaluate.add_argument(
        "--context",
        action=argparse.BooleanOptionalAction,
        default=config.DEFAULT_CHUNKING.context,
        help="with --max-tokens: put the title before every chunk, or only before the first (default: every)",
    )
    evaluate.add_argument("--save", type=Path, metavar="FILE", help="write the figures of every question as JSON")
    evaluate.add_argument(
        "--against", type=Path, metavar="FILE", help="compare with a saved run; exit code 1 if a metric fell"
    )
    evaluate.set_defaults(command=_evaluate)
    add_json(evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    from rag.evaluation.beir import read_exam
    from rag.evaluation.run import run_exam
    from rag.evaluation.stored.saved_run import compare, load_run, save_run

    # What cannot be read is reported before the work of minutes.
    earlier = load_run(options.against) if options.against else None
    exam = read_exam(options.folder)
    embedder = _embedder(options)
    chunking = replace(config.DEFAULT_CHUNKING, max_tokens=options.max_tokens, context=options.context)
    run = run_exam(
        exam, options.mode, embedder, lambda said: print(said, file=sys.stderr, flush=True),
        chunking=chunking if options.max_tokens else None,
    )  # fmt: skip
    if embedder and embedder.problem:
        print(f"warning: {embedder.problem}", file=sys.stderr)
    n_shared, differences = compare(earlier.per_query, run.per_query) if earlier else (0, {})
    result, lines = _run_json(run), _run_lines(run)
    if earlier:
        result["comparison"] = _comparison_json(options.against, earlier, n_shared, differences)
        lines += _comparison_lines(options.against, earlier, run, n_shared, differences)
    print_result(options, result, lines)
    if options.save:
        save_run(options.save, run)
        print(f"The run is saved in '{options.save}'.", file=sys.stderr)
    return 1 if any(one.fell for one in differences.values()) else 0


def _embedder(options: argparse.Namespace) -> CachedEmbedder | None:
    """The embedding model; None if only words of whole documents are searched."""
    from rag.embedding.cached import load_cached_embedder

    if options.mode == "keyword" and not options.max_tokens:
        if options.embedding_model:
            print("Keyword search uses no embedding model, so --embedding-model changes nothing.", file=sys.stderr)
        return None
    return load_cached_embedder(options.embedding_model or config.DEFAULT_EMBEDDING_MODEL)


def _run_json(run: ExamRun) -> Json:
    return {
        "metrics": {metric: figure.mean for metric, figure in run.means.items()},
        "intervals": {metric: [figure.low, figure.high] for metric, figure in run.means.items()},
        "settings": asdict(run.settings),
        "queries": {"evaluated": len(run.per_query), "left_out": run.n_left_out},
        "documents": run.n_documents,
        "seconds": run.seconds,
    }


def _run_lines(run: ExamRun) -> list[str]:
    settings = run.settings
    model = f" with {settings.embedding_model} in {settings.precision}" if settings.embedding_model else ""
    chunking = settings.chunking
    title = "title before every chunk" if chunking and chunking.context else "title before the first chunk"
    split = f", split into chunks of at most {chunking.max_tokens:,} tokens, {title}" if chunking else ""
    lines = [
        f"'{settings.exam}', {settings.mode} search{model}{split}: {len(run.per_query):,} questions, "
        f"{run.n_documents:,} documents, {run.seconds:.1f} s",
        f"{'metric':12} {'mean':>6}   95 % interval",
        *(
            f"{metric:12} {figure.mean:6.3f}   {figure.low:.3f} to {figure.high:.3f}"
            for metric, figure in run.means.items()
        ),
    ]
    if run.n_left_out:
        were = "question is" if run.n_left_out == 1 else "questions are"
        lines.append(f"{run.n_left_out:,} {were} left out, because no document is relevant.")
    return lines


def _comparison_json(path: Path, earlier: SavedRun, n_shared: int, differences: dict[str, Difference]) -> Json:
    return {
        "against": str(path),
        "settings": asdict(earlier.settings),
        "queries": n_shared,
        "differences": {
            metric: {"before": one.before, "after": one.after, "difference": one.change, "p": one.p, "fell": one.fell}
            for metric, one in differences.items()
        },
    }


def _comparison_lines(
    path: Path, earlier: SavedRun, run: ExamRun, n_shared: int, differences: dict[str, Difference]
) -> list[str]:
    before = earlier.settings
    model = f" with {before.embedding_model}" if before.embedding_model else ""
    lines = [
        "",
        f"Compared with '{path}' ({before.mode} search{model}), on the {n_shared:,} questions of both:",
        f"{'metric':12} {'before':>6}  {'now':>6}  {'change':>7}   p-value",
        *(_difference_line(metric, one) for metric, one in differences.items()),
    ]
    if before.exam != run.settings.exam:
        lines.append(
            f"The saved run is of the exam '{before.exam}': the comparison holds only if its questions are equal."
        )
    fell = [metric for metric, one in differences.items() if one.fell]
    return [*lines, f"Significantly lower than before (p < 0.05): {', '.join(fell) or 'nothing'}."]


def _difference_line(metric: str, one: Difference) -> str:
    return f"{metric:12} {one.before:6.3f}  {one.after:6.3f}  {one.change:+7.3f}   {one.p:.4f}"
