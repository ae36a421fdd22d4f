"""Cluster names from values that the chunks of a cluster share: of a table column, or of the headings above them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rag.map.clusters.model_names import LONGEST_NAME
from rag.map.clusters.terms import ClusterSummary

if TYPE_CHECKING:
    from rag.types import IntArray

_MAJORITY = 0.6
_TIMES_THE_REST = 2.0
_TERMS_AFTER_VALUE = 2
_JOINED_SHARE = 0.8
_HOME_SHARE = 0.5
_MOST_JOINED = 3
_LEAST_JOINED = 0.1


def names_from_columns(
    labels: IntArray, columns: Mapping[str, Sequence[str]], summaries: Sequence[ClusterSummary]
) -> dict[int, str]:
    """Names for clusters whose chunks share a value of a table column, or two or three values: these, by label.

    More than 60 % of the cluster's chunks have the value, and it is at least twice as frequent there as among all other
    chunks, so that a value most of the table has names nothing. Of several columns, the one with the largest share
    decides. Without such a value, a cluster is named after the two or three that more than 80 % of its chunks have
    together, if at least half of all chunks with each of these are in the cluster, and the column has other values.
    Two clusters of the same value have their first phrases or key terms after it.

    Args:
        labels: int64 (n,), the cluster of each chunk, -1 for unclustered.
        columns: each column's n values, "" where a chunk has none.
    """
    listed = labels.tolist()
    counted = [_counts(listed, values) for values in columns.values()]
    found: dict[int, str] = {}
    for one in summaries:
        shared = [_majority(within[one.label], in_all) for within, in_all in counted]
        share, value = max(shared, key=lambda pair: pair[0], default=(0.0, ""))
        joined = next(filter(None, (_joined(within[one.label], in_all) for within, in_all in counted)), "")
        if name := value if share > 0 else joined:
            found[one.label] = name
    times = Counter(found.values())
    terms = {one.label: ", ".join((one.phrases or one.terms)[:_TERMS_AFTER_VALUE]) for one in summaries}
    return {
        label: f"{value}: {terms[label]}" if times[value] > 1 and terms[label] else value
        for label, value in found.items()
    }


def _counts(labels: Sequence[int], values: Sequence[str]) -> tuple[dict[int, Counter[str]], Counter[str]]:
    """How often each value is in each cluster, and in all."""
    within: dict[int, Counter[str]] = {}
    for (label, value), n in Counter(zip(labels, values, strict=True)).items():
        within.setdefault(label, Counter())[value] = n
    return within, Counter(values)


def _joined(within: Counter[str], in_all: Counter[str]) -> str:
    """The two or three values that a cluster consists of, the most frequent first; "" if there are more, or fewer."""
    largest = sorted(within.items(), key=lambda item: (-item[1], item[0]))[:_MOST_JOINED]
    found = [(value, n) for value, n in largest if value and n >= _HOME_SHARE * in_all[value]]
    while len(found) > 2 and found[-1][1] < _LEAST_JOINED * within.total():
        found.pop()
    name = " + ".join(value for value, _ in found)
    is_whole = len(found) > 1 and sum(n for _, n in found) > _JOINED_SHARE * within.total()
    # All values of a column together say only that the chunks have the column.
    is_whole = is_whole and len(found) < len(in_all) - ("" in in_all)
    return name if is_whole and len(name) <= LONGEST_NAME else ""


def _majority(within: Counter[str], in_all: Counter[str]) -> tuple[float, str]:
    """The share of a cluster's chunks that have its most frequent value, and the value; 0 if it names nothing."""
    value, count = within.most_common(1)[0]
    share, elsewhere = count / within.total(), (in_all[value] - count) / max(in_all.total() - within.total(), 1)
    is_name = value != "" and share > _MAJORITY and share >= _TIMES_THE_REST * elsewhere
    return (share, value[:LONGEST_NAME]) if is_name else (0.0, "")
