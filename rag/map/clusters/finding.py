"""Clusters of a layout, found and summarized, from the cache or computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rag.chunking.context_line import SEPARATOR
from rag.documents.column_roles import SETTING, roles_by_column
from rag.map.clusters.layers import Layers, find_layers
from rag.map.clusters.terms import ClusterSummary, summarize_clusters
from rag.map.clusters.value_names import names_from_columns
from rag.map.points import UNCLUSTERED_NAME
from rag.map.topics.naming import TopicName, name_topics
from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.text.column_values import column_values, is_missing
from rag.types import Fields, Projection

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from rag.types import FloatArray, IntArray

_T = TypeVar("_T")
_HEADING_LEVELS = 2


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters of a layout: `labels` int64 (n,), the cluster of each chunk or -1, and a summary of each cluster."""

    labels: IntArray
    summaries: tuple[ClusterSummary, ...]

    def names_by_label(self) -> dict[int, str]:
        """The name of each cluster; duplicate names get a number."""
        shown: dict[int, str] = {}
        for summary in self.summaries:
            taken = summary.name in shown.values()
            shown[summary.label] = f"{summary.name} ({summary.label + 1})" if taken else summary.name
        return shown

    def names(self) -> list[str]:
        """The name of each chunk's cluster."""
        shown = self.names_by_label()
        return [shown.get(label, UNCLUSTERED_NAME) for label in self.labels.tolist()]

    def renamed(self, names: Mapping[int, str]) -> Clusters:
        """The same clusters, with new names for these labels."""
        summaries = (replace(one, name=names.get(one.label, one.name)) for one in self.summaries)
        return Clusters(self.labels, tuple(summaries))


def layers_of(collection: Collection, layout: Projection) -> Layers:
    """The layers of clusters of a layout, from the cache or computed."""
    path = _path("topic-layers", collection, layout)
    content = artifacts.read_cached(path)
    if content is not None:
        stored = _adapter(_StoredLayers).validate_json(content, strict=True)
        return Layers(_as_array(stored.finest), stored.joined, stored.default)
    found = find_layers(layout.xy, vectors_of(collection, layout))
    stored = _StoredLayers(found.finest.tolist(), found.joined, found.default)
    artifacts.write_cached(path, json.dumps(asdict(stored)).encode())
    return found


def find_clusters(collection: Collection, layout: Projection, layer: int | None = None) -> Clusters:
    """The clusters of a layout, from the cache or computed.

    Args:
        layer: an index of `layers_of`, from 0, the coarsest; None for the default one.

    Raises:
        IndexError: there is no such layer.
    """
    layers = layers_of(collection, layout)
    chosen = layers.default if layer is None else layer
    path = _path("topic-names", collection, layout, f"layer {chosen}", collection.setting(SETTING) or "")
    content = artifacts.read_cached(path)
    if content is not None:
        stored = _adapter(_Stored).validate_json(content, strict=True)
        return Clusters(_as_array(stored.labels), stored.summaries)
    found = _summarized(collection, layout, layers.labels(chosen))
    artifacts.write_cached(path, json.dumps(asdict(_Stored(found.labels.tolist(), found.summaries))).encode())
    return found


def _summarized(collection: Collection, layout: Projection, labels: IntArray) -> Clusters:
    chunks = {chunk.chunk_id: chunk for chunk in collection.chunks()}
    in_order = [chunks.get(chunk_id) for chunk_id in layout.chunk_ids.tolist()]
    texts = [chunk.text if chunk else "" for chunk in in_order]
    headings = [chunk.heading if chunk else "" for chunk in in_order]
    summaries = summarize_clusters(texts, labels, vectors_of(collection, layout), layout.xy)
    topics = name_topics(texts, labels, headings)
    named = [_with_topic(one, topics.get(one.label)) for one in summaries]
    columns = _label_columns([chunk.fields if chunk else () for chunk in in_order], collection)
    by_column = names_from_columns(labels, columns, named)
    # A document's title and headings say what a group of its chunks is about, as a column of labels does.
    others = [one for one in named if one.label not in by_column]
    by_heading = names_from_columns(labels, _heading_columns(headings), others)
    return Clusters(labels, tuple(named)).renamed(by_heading | by_column)


def _with_topic(summary: ClusterSummary, topic: TopicName | None) -> ClusterSummary:
    return summary if topic is None else replace(summary, name=topic.name, phrases=topic.phrases)


def _heading_columns(headings: Sequence[str]) -> dict[str, list[str]]:
    """The first and the second of the headings above each chunk as columns."""
    parts = [heading.split(SEPARATOR) for heading in headings]
    return {
        f"heading {level + 1}": [path[level].strip() if len(path) > level else "" for path in parts]
        for level in range(_HEADING_LEVELS)
    }


def _label_columns(rows: Sequence[Fields], collection: Collection) -> dict[str, list[str]]:
    """The columns that can name clusters, each with a value a row, "" where it is missing: no amounts, dates, links."""
    columns: dict[str, list[str]] = {}
    for row, fields in enumerate(rows):
        for name, value in fields:
            columns.setdefault(name, [""] * len(rows))[row] = "" if is_missing(value) else value.strip()
    chosen = roles_by_column(collection.setting(SETTING))
    return {
        name: values
        for name, values in columns.items()
        if chosen.get(name) == "label" or (name not in chosen and column_values(values) is None)
    }


def vectors_of(collection: Collection, layout: Projection) -> FloatArray:
    """The embeddings of the layout's chunks, float32 (n, dimension), in its order; zeros for a deleted chunk."""
    import numpy as np

    ids, vectors = collection.embeddings()
    vectors_in_order = np.zeros((len(layout.chunk_ids), vectors.shape[1]), dtype=np.float32)
    there = np.isin(layout.chunk_ids, ids)
    vectors_in_order[there] = vectors[ids.searchsorted(layout.chunk_ids[there])]
    return vectors_in_order


def _path(kind: str, collection: Collection, layout: Projection, *choices: str) -> Path:
    """Cache path: coordinates, and the choices, decide the content."""
    content = layout.chunk_ids.tobytes() + layout.xy.tobytes() + json.dumps(choices).encode()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return collection.cache_folder / f"{kind}-{digest}.{collection.uid[:12]}"


def _as_array(labels: list[int]) -> IntArray:
    import numpy as np

    return np.array(labels, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Stored:
    labels: list[int]
    summaries: tuple[ClusterSummary, ...]


@dataclass(frozen=True, slots=True)
class _StoredLayers:
    finest: list[int]
    joined: tuple[tuple[int, ...], ...]
    default: int


@cache
def _adapter(kind: type[_T]) -> TypeAdapter[_T]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
