"""Topic names from phrases: those that set a cluster apart by class-based TF-IDF, at once and without a model.

Three changes to the weight of a word fit it to phrases. A phrase counts once for each text. As in the C-value of
Frantzi, Ananiadou and Mima ("Automatic recognition of multi-word terms", 2000), longer phrases weigh more, and texts in
which a phrase is only a part of a longer one do not count for it; names of persons and places weigh as one word. From
each count 1.5 is subtracted, so that what is in one or two texts names nothing while there is something better.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from rag.chunking.context_line import SEPARATOR
from rag.map.clusters.terms import class_tf_idf, count_matrix
from rag.map.topics.phrases import PhraseCounts, count_phrases

if TYPE_CHECKING:
    from rag.types import IntArray

N_PHRASES = 5
_LONGEST_NAME = 42
_IN_NAME = 3
_LEAST_TEXTS = 2
_DISCOUNT = 1.5
_CANDIDATES = 30
_COVERED_LESS = 0.5
_DISTINCTIVE = 2.0
_LEAST_SAME = 5
_SAME_SHARE = 2 / 3
_MOST_READ = 2_000
_READ_OF_EACH = (25, 300)


@dataclass(frozen=True, slots=True)
class TopicName:
    """A cluster's name, and the up to five phrases that set it apart, best first; the name is up to three of them."""

    name: str
    phrases: tuple[str, ...]


def name_topics(texts: Sequence[str], labels: IntArray, headings: Sequence[str] = ()) -> dict[int, TopicName]:
    """Name the clusters by their phrases, by label; a cluster without phrases is left out.

    A phrase is in at least two texts of the cluster and at least twice as frequent in it as in the rest. No two phrases
    of a cluster have a word in common. The first is the best; for each further one, texts that have one of those before
    count half. A phrase that would be in two names is in that of the cluster where it weighs more. To be quick, up to
    2,000 evenly spaced texts are read in all, but 25 to 300 of each cluster.

    Args:
        texts: n texts.
        labels: int64 (n,), the cluster of each text; those of no cluster, -1, count as the rest.
        headings: the headings above each text, whose phrases are phrases of the text; empty if there are none.
    """
    import numpy as np

    numbers = np.unique(labels).tolist()
    groups = [_read(np.flatnonzero(labels == number), len(numbers)) for number in numbers]
    read = _with_headings(texts, headings) if headings else texts
    counted = count_phrases([[read[row] for row in rows] for rows in groups])
    ranked = _ranked_phrases(counted, [len(rows) for rows in groups])
    found = {number: phrases for number, phrases in zip(numbers, ranked, strict=True) if number >= 0 and phrases}
    names = _names(found)
    return {label: TopicName(names[label], tuple(phrases)) for label, phrases in found.items()}


def _with_headings(texts: Sequence[str], headings: Sequence[str]) -> list[str]:
    """The texts below their headings, a line each; so is what stands before a colon, here no name of a field."""
    lines = [heading.replace(SEPARATOR, "\n").replace(": ", "\n") for heading in headings]
    return [f"{above}\n{text}" for above, text in zip(lines, texts, strict=True)]


def _names(ranked: Mapping[int, Mapping[str, float]]) -> dict[int, str]:
    """A name of each cluster, given the scores of its phrases, best first."""
    best: dict[str, float] = {}
    for phrases in ranked.values():
        for phrase, score in phrases.items():
            best[phrase.lower()] = max(score, best.get(phrase.lower(), 0.0))
    names: dict[int, str] = {}
    taken: set[str] = set()
    for label, phrases in ranked.items():
        usable = [
            phrase for phrase, score in phrases.items() if score == best[phrase.lower()] and phrase.lower() not in taken
        ]
        used = list(_fitting(usable or list(phrases)[:1]))
        taken.update(phrase.lower() for phrase in used)
        names[label] = _as_title(", ".join(used))
    return names


def _fitting(phrases: Sequence[str]) -> Iterator[str]:
    """The first phrases with which a name is short; one that is too long for it is passed over, but not the first."""
    length, n = 0, 0
    for phrase in phrases:
        if n < _IN_NAME and (not n or length + 2 + len(phrase) <= _LONGEST_NAME):
            length += len(phrase) + 2 * (n > 0)
            n += 1
            yield phrase


def _as_title(name: str) -> str:
    """The name with a capital first; "iOS" and "pH" stay as they are."""
    first = name.split(" ", 1)[0]
    return name if first[1:] != first[1:].lower() else name[:1].upper() + name[1:]


def _read(rows: IntArray, n_groups: int) -> list[int]:
    least, most = _READ_OF_EACH
    step = -(-len(rows) // min(most, max(least, _MOST_READ // n_groups)))
    chosen: list[int] = rows[::step].tolist()
    return chosen


def _ranked_phrases(counted: Sequence[PhraseCounts], sizes: Sequence[int]) -> list[dict[str, float]]:
    """The scores of the phrases of each group of texts, best first."""
    import numpy as np

    frequent = [Counter({key: n for key, n in one.n_texts.items() if n >= _LEAST_TEXTS}) for one in counted]
    vocabulary = sorted(set().union(*frequent))
    counts = count_matrix(
        [Counter({key: n for key in vocabulary if (n := one.n_texts.get(key, 0))}) for one in counted], vocabulary
    )
    weights, totals = class_tf_idf(counts), np.asarray(counts.sum(axis=0)).ravel()
    found = []
    for row, one in enumerate(counted):
        entries = slice(counts.indptr[row], counts.indptr[row + 1])
        columns, inside = counts.indices[entries], counts.data[entries]
        elsewhere = (totals[columns] - inside) / max(sum(sizes) - sizes[row], 1)
        is_distinctive = inside / sizes[row] >= _DISTINCTIVE * elsewhere
        per_text = weights.data[entries][is_distinctive] / inside[is_distinctive]
        distinctive = [vocabulary[column] for column in columns[is_distinctive].tolist()]
        scores = _scores(one, dict(zip(distinctive, per_text.tolist(), strict=True)))
        found.append({one.written(key): scores[key] for key in _representative(scores, one.of_each)})
    return found


def _scores(counts: PhraseCounts, weights: Mapping[str, float]) -> dict[str, float]:
    """The scores above 0 of the phrases that have a weight, best first; ties in alphabetical order.

    Args:
        counts: in how many texts of the group each phrase is.
        weights: what one text counts for each phrase.
    """
    frequent = {key: n for key, n in counts.n_texts.items() if n >= _LEAST_TEXTS}
    inside_longer = _inside_longer(frequent)
    scores = {
        key: (n - inside_longer.get(key, 0) - _DISCOUNT) * (1.0 + math.log2(_length(counts, key))) * weights[key]
        for key, n in frequent.items()
        if key in weights
    }
    ranked = sorted((key for key, score in scores.items() if score > 0), key=lambda key: (-scores[key], key))
    return {key: scores[key] for key in ranked}


def _length(counts: PhraseCounts, key: str) -> int:
    """The number of words of a phrase; a name, all words of which have capitals, counts as one."""
    if " " not in key:
        return 1
    words = counts.written(key).split()
    return 1 if all(word[0].isupper() for word in words) else len(words)


def _inside_longer(n_texts: Mapping[str, int]) -> dict[str, int]:
    """In how many texts each phrase is a part of the most frequent longer one."""
    found: dict[str, int] = {}
    for key, n in n_texts.items():
        words = key.split()
        for length in range(1, len(words)):
            for start in range(len(words) - length + 1):
                part = " ".join(words[start : start + length])
                found[part] = max(found.get(part, 0), n)
    return found


def _representative(scores: Mapping[str, float], of_each: Sequence[Set[str]]) -> list[str]:
    """Five phrases that together are in many texts, no two of them with words alike.

    The first is the best. For each further one, a text that has one of those before counts less.

    Args:
        scores: by phrase, best first.
        of_each: the phrases of each text.
    """
    candidates = list(scores)[:_CANDIDATES]
    texts = {key: {i for i, keys in enumerate(of_each) if key in keys} for key in candidates}
    chosen: list[str] = []
    covered: set[int] = set()
    while candidates and len(chosen) < N_PHRASES:
        gains = [
            scores[key] * (1.0 - _COVERED_LESS * len(texts[key] & covered) / len(texts[key])) for key in candidates
        ]
        best = candidates[gains.index(max(gains))]
        chosen.append(best)
        covered |= texts[best]
        candidates = [key for key in candidates if not _share_words(key, best)]
    return chosen


def _share_words(phrase: str, other: str) -> bool:
    """Whether a word of one is alike to a word of the other."""
    return any(_are_alike(word, taken) for word in phrase.split() for taken in other.split())


def _are_alike(word: str, other: str) -> bool:
    """Whether two words are the same or begin so: "program" and "programmer", "library" and "librarian"."""
    n_same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False)))
    return word == other or n_same >= max(_LEAST_SAME, _SAME_SHARE * min(len(word), len(other)))
