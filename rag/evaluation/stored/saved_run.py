"""Saved runs: the figures of every query of an exam in a JSON file, and the comparison of a later run with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.errors import ExplorerError, first_problem
from rag.evaluation.metrics import METRICS
from rag.evaluation.run import ExamRun, RunSettings
from rag.evaluation.significance import p_value

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Figures = Mapping[str, Mapping[str, float]]
"""Query id -> metric -> its value."""
SIGNIFICANT = 0.05
"""A difference with a smaller p-value is significant."""


class RunFileError(ExplorerError):
    """The file of a saved run cannot be read or written, or is none."""


@dataclass(frozen=True, slots=True)
class SavedRun:
    """What the file of a run holds."""

    format: Literal["embedding-explorer exam run"]
    version: Literal[1]
    settings: RunSettings
    n_documents: int
    n_left_out: int
    seconds: float
    means: dict[str, float]
    per_query: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a metric changed: its mean before and after over the shared queries, and the p-value of the difference."""

    before: float
    after: float
    p: float

    @property
    def change(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def fell(self) -> bool:
        """Whether the metric is significantly lower than before."""
        return self.change < 0 and self.p < SIGNIFICANT


def save_run(path: Path, run: ExamRun) -> None:
    """Write the run as JSON, replacing the file. Raises RunFileError if it cannot be written."""
    means = {metric: figure.mean for metric, figure in run.means.items()}
    saved = SavedRun(
        format="embedding-explorer exam run",
        version=1,
        settings=run.settings,
        n_documents=run.n_documents,
        n_left_out=run.n_left_out,
        seconds=run.seconds,
        means=means,
        per_query=run.per_query,
    )
    try:
        path.write_text(json.dumps(asdict(saved), ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise RunFileError(f"'{path}' could not be written: {error.strerror}. Choose another file.") from error


def load_run(path: Path) -> SavedRun:
    """Read a run that `save_run` wrote.

    Raises:
        RunFileError: the file is missing, or is not such a run.
    """
    try:
        saved = _adapter().validate_json(path.read_bytes(), strict=True, extra="ignore")
    except OSError as error:
        raise RunFileError(f"'{path}' cannot be read: {error.strerror}. Give a file written with --save.") from error
    except ValueError as error:
        raise _no_run(path, first_problem(error)) from error
    for query, figures in saved.per_query.items():
        for metric in METRICS:
            # NaN is in no range.
            if not 0.0 <= figures.get(metric, -1.0) <= 1.0:
                raise _no_run(path, f"the query '{query}' has no {metric} from 0 to 1")
    return saved


def compare(before: Figures, after: Figures) -> tuple[int, dict[str, Difference]]:
    """Compare two runs on the queries that both have.

    Returns:
        The number of these queries, and for each metric the difference between the means over them.

    Raises:
        RunFileError: they have no query in common.
    """
    shared = [query for query in after if query in before]
    if not shared:
        raise RunFileError(
            "The two runs have no question in common, so they cannot be compared. Give a run of the same exam."
        )
    return len(shared), {metric: difference(before, after, shared, metric) for metric in METRICS}


def difference(before: Figures, after: Figures, shared: Sequence[str], metric: str) -> Difference:
    """The difference between the means of a metric over these queries, at least one, with its p-value."""
    first, second = ([run[query][metric] for query in shared] for run in (before, after))
    return Difference(sum(first) / len(shared), sum(second) / len(shared), p_value(first, second))


def _no_run(path: Path, problem: str) -> RunFileError:
    return RunFileError(f"'{path}' is not a saved run of an exam: {problem}. Give a file written with --save.")


@cache
def _adapter() -> TypeAdapter[SavedRun]:
    from pydantic import TypeAdapter

    return TypeAdapter(SavedRun)
