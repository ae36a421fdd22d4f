"""Cluster summaries: key terms by class-based TF-IDF, typical chunks, the nearest cluster, the label's position."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    from rag.types import FloatArray, IntArray

N_TERMS = 5
N_TYPICAL = 3
_TERMS_IN_NAME = 3
_SHORTEST_WORD = 3
_DISTINCTIVE = 2.0
_MEDOID_SAMPLE = 1_000
_LAST_MARK = 0x20000
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIRAGANA = "\u3040-\u309f"
_KATAKANA = "\u30a0-\u30ff"
_PARTS = re.compile(f"[{_HAN}]+|[{_HIRAGANA}]+|[{_KATAKANA}]+|[^{_HAN}{_HIRAGANA}{_KATAKANA}]+")
_ONLY_HAN, _ONLY_HIRAGANA = re.compile(f"[{_HAN}]+"), re.compile(f"[{_HIRAGANA}]+")
_SHORT_WORD = re.compile(f"[\uac00-\ud7a3{_KATAKANA}]{{2}}")
_CONTRACTED = frozenset({
    "ain", "aren", "couldn", "didn", "doesn", "don", "hadn", "hasn", "haven", "isn", "mustn", "needn", "shan",
    "shouldn", "wasn", "weren", "won", "wouldn",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """Summary of a cluster's content.

    `terms` are up to five key terms, and `name` the first three of them joined by ", ", until there is a better one.
    `phrases` are up to five key phrases, empty until they are found. `typical` are the rows of the
    three chunks nearest to the cluster's mean embedding, nearest first. `x`, `y` and, in 3D, `z` are the position of
    its label: the medoid, which is one of its points and so never lies in a gap.

    `nearest` is the label of the cluster with the most similar mean embedding, -1 if there is no other, and `apart` up
    to five terms that set the cluster apart from that one.
    """

    label: int
    size: int
    terms: tuple[str, ...]
    name: str
    typical: tuple[int, ...]
    x: float
    y: float
    z: float = 0.0
    nearest: int = -1
    apart: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


def summarize_clusters(
    texts: Sequence[str], labels: IntArray, vectors: FloatArray, xy: FloatArray
) -> tuple[ClusterSummary, ...]:
    """Summarize every cluster, in the order of labels; unclustered points (-1) are skipped.

    Args:
        texts: n texts.
        labels: int64 (n,), 0 and up, -1 for unclustered.
        vectors: unit vectors float32 (n, dimension).
        xy: coordinates on the map, float32 (n, 2) or (n, 3).
    """
    import numpy as np

    if not len(texts):
        return ()
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    classes = np.split(order, starts[1:])
    words = [count_words([texts[row] for row in rows]) for rows in classes]
    terms = key_terms(words)
    first = int(names[0] < 0)
    nearest = nearest_classes(classes[first:], vectors)
    summaries = [
        _summary(label, rows, key, vectors, xy)
        for label, rows, key in zip(names[first:].tolist(), classes[first:], terms[first:], strict=True)
    ]
    return tuple(
        replace(one, nearest=summaries[other].label, apart=terms_apart(words[first + row], words[first + other]))
        if other >= 0
        else one
        for row, (one, other) in enumerate(zip(summaries, nearest, strict=True))
    )


def nearest_classes(classes: Sequence[IntArray], vectors: FloatArray) -> list[int]:
    """For each class of rows the class with the most similar mean embedding, by cosine; -1 if there is only one."""
    import numpy as np

    if len(classes) < 2:
        return [-1] * len(classes)
    means = np.stack([vectors[rows].mean(axis=0, dtype=np.float64) for rows in classes])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    similarities = means @ means.T
    np.fill_diagonal(similarities, -np.inf)
    return [int(one) for one in similarities.argmax(axis=1)]


def terms_apart(words: Counter[str], other: Counter[str]) -> tuple[str, ...]:
    """Up to five key terms of one class against another, all at least twice as frequent in it as in the other."""
    scale = max(other.total(), 1) / max(words.total(), 1)
    return tuple(word for word in key_terms([words, other])[0] if words[word] * scale >= _DISTINCTIVE * other[word])


def _summary(label: int, rows: IntArray, terms: tuple[str, ...], vectors: FloatArray, xy: FloatArray) -> ClusterSummary:
    place = medoid(xy[rows]).tolist()
    name = ", ".join(terms[:_TERMS_IN_NAME]) or f"cluster {label + 1}"
    return ClusterSummary(label, len(rows), terms, name, typical_rows(rows, vectors), *place)


def typical_rows(rows: IntArray, vectors: FloatArray) -> tuple[int, ...]:
    """The three of `rows` nearest to their mean embedding by cosine, nearest first; ties in the order of `rows`."""
    import numpy as np

    members = vectors[rows]
    nearest = np.argsort(-(members @ members.mean(axis=0)), kind="stable")[:N_TYPICAL]
    return tuple(rows[nearest].tolist())


def medoid(points: FloatArray) -> FloatArray:
    """The medoid: the point with the smallest sum of distances to the others, float32 (2,) or (3,).

    Above 1,000 points, an evenly spaced sample is used.
    """
    import numpy as np
    from scipy.spatial.distance import cdist  # type: ignore[import-untyped]

    step = -(-len(points) // _MEDOID_SAMPLE)
    candidates = points[::step]
    return np.asarray(candidates[cdist(candidates, candidates).sum(axis=1).argmin()])


def count_words(texts: Sequence[str]) -> Counter[str]:
    """Count words: lower case, at least three letters in any script, without numbers and English stop words.

    Chinese and Japanese have no spaces: Chinese characters are counted in pairs, katakana in runs, and hiragana,
    which is mostly grammar, is ignored. A word of katakana or Hangul may have two letters.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    runs = Counter(_words().findall("\n".join(texts).lower()))
    words: Counter[str] = Counter()
    for run, count in runs.items():
        for word in _split_run(run):
            words[word] += count
    for stop_word in ENGLISH_STOP_WORDS | _CONTRACTED:
        words.pop(stop_word, None)
    return words


@cache
def _words() -> re.Pattern[str]:
    """Runs of letters and combining marks; `\\w` does not match these marks, without which Hindi words break up."""
    marks = (code for code in range(_LAST_MARK) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    ranges = [[code for _, code in group] for _, group in groupby(enumerate(marks), lambda pair: pair[1] - pair[0])]
    combining = "".join(f"{chr(codes[0])}-{chr(codes[-1])}" for codes in ranges)
    return re.compile(rf"[^\W\d_](?:[^\W\d_]|[{combining}])*")


def _split_run(run: str) -> Iterator[str]:
    if run.isascii():
        if len(run) >= _SHORTEST_WORD:
            yield run
        return
    for part in _PARTS.findall(run):
        if _ONLY_HAN.fullmatch(part):
            yield from [part[i : i + 2] for i in range(len(part) - 1)] or [part]
        elif not _ONLY_HIRAGANA.fullmatch(part) and (len(part) >= _SHORTEST_WORD or _SHORT_WORD.fullmatch(part)):
            yield part


def key_terms(classes: Sequence[Counter[str]]) -> list[tuple[str, ...]]:
    """Up to five key terms of each class, best first, ties in alphabetical order.

    Ranked by `class_tf_idf`, except that words less than twice as frequent in the class as in the rest come last, like
    the common words of languages without a stop word list. Of a word and its plural, only the better one is kept.
    """
    import numpy as np

    vocabulary = sorted(set().union(*classes)) if classes else []
    counts = count_matrix(classes, vocabulary)
    weights = class_tf_idf(counts)
    totals = np.asarray(counts.sum(axis=0)).ravel()
    terms = []
    for row in range(len(classes)):
        entries = slice(counts.indptr[row], counts.indptr[row + 1])
        columns, inside = counts.indices[entries], counts.data[entries]
        outside = totals[columns] - inside
        shares = max(float(totals.sum() - inside.sum()), 1.0) / max(float(inside.sum()), 1.0)
        common = inside * shares < _DISTINCTIVE * outside
        ranked = columns[np.lexsort((columns, -weights.data[entries], common))]
        terms.append(_without_plurals(vocabulary[column] for column in ranked.tolist()))
    return terms


def class_tf_idf(counts: csr_matrix) -> csr_matrix:
    """The weight of each word in each class: its share of the class's words times log(1 + A / f).

    A is the mean number of words of a class and f how often the word occurs in all (Grootendorst, "BERTopic", 2022,
    https://arxiv.org/abs/2203.05794).

    Args:
        counts: words (columns) by class (rows).

    Returns:
        float64 of the same shape and sparsity.
    """
    import numpy as np
    from scipy.sparse import csr_matrix

    per_class = np.maximum(np.asarray(counts.sum(axis=1), dtype=np.float64).ravel(), 1.0)
    per_word = np.maximum(np.asarray(counts.sum(axis=0), dtype=np.float64).ravel(), 1.0)
    mean = counts.sum() / max(counts.shape[0], 1)
    shares = counts.data / np.repeat(per_class, np.diff(counts.indptr))
    weights = shares * np.log1p(mean / per_word)[counts.indices]
    return csr_matrix((weights, counts.indices, counts.indptr), shape=counts.shape)


def count_matrix(classes: Sequence[Counter[str]], vocabulary: Sequence[str]) -> csr_matrix:
    """The counts as a matrix with a row for each class and a column for each word of the vocabulary."""
    import numpy as np
    from scipy.sparse import csr_matrix

    column = {word: i for i, word in enumerate(vocabulary)}
    indices = np.array([column[word] for words in classes for word in words], dtype=np.int64)
    values = np.array([count for words in classes for count in words.values()], dtype=np.float64)
    starts = np.concatenate([[0], np.cumsum([len(words) for words in classes], dtype=np.int64)])
    return csr_matrix((values, indices, starts), shape=(len(classes), len(vocabulary)))


def _without_plurals(ranked: Iterator[str]) -> tuple[str, ...]:
    chosen: dict[str, str] = {}
    for word in ranked:
        chosen.setdefault(singular(word), word)
        if len(chosen) == N_TERMS:
            break
    return tuple(chosen.values())


def singular(word: str) -> str:
    """The word without a regular English plural: "policies" -> "policy", "boxes" -> "box", "days" -> "day"."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > _SHORTEST_WORD:
        return word[:-1]
    return word
