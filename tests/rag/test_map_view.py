"""What a map shows: chunks and places that belong together, colours, and the files that it can be taken away as."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from rag.errors import ExplorerError
from rag.layout import make_layout
from rag.map_export import UNCLUSTERED_NAME
from rag.map_view import EXPORTS, GREY_NAMES, OTHER, colours_of, find_clusters, map_file, map_points, present
from rag.projection import ProjectionParameters


@pytest.fixture
def points(sample):
    layout, chunks = present(make_layout(sample, ProjectionParameters()), sample.chunks())
    clusters = find_clusters(sample, layout, chunks)
    return map_points(sample, layout, chunks, clusters, colour_title="cluster", colour_labels=clusters.names())


def test_every_kind_of_file_is_made_and_the_table_holds_the_collection(sample, points):
    assert all(map_file(points, f"map{suffix}") for suffix in EXPORTS)
    table = pd.read_csv(io.BytesIO(map_file(points, "map.CSV")))
    assert table["chunk_id"].tolist() == sample.chunk_ids().tolist()
    assert table["text"].tolist() == [chunk.text for chunk in sample.chunks()]
    with pytest.raises(ExplorerError, match=r"'map.txt' names no kind of map file. End it in .html"):
        map_file(points, "map.txt")


def test_every_chunk_has_its_clusters_name(points):
    by_label = {label.cluster: label.name for label in points.cluster_labels}
    for label, name in zip(points.clusters.tolist(), points.colour_labels, strict=True):
        assert name == UNCLUSTERED_NAME if label < 0 else name.startswith(by_label[label])
    assert len(set(points.colour_labels) - {UNCLUSTERED_NAME}) == len(by_label)


def test_chunks_that_only_one_side_knows_are_left_out(sample):
    layout = make_layout(sample, ProjectionParameters())
    chunks = sample.chunks()
    kept, drawn = present(layout, chunks[5:])
    assert kept.chunk_ids.tolist() == [chunk.chunk_id for chunk in drawn] == [chunk.chunk_id for chunk in chunks[5:]]
    np.testing.assert_array_equal(kept.xy, layout.xy[5:])


def test_what_has_no_value_is_grey_and_last():
    colours = colours_of(["b", *GREY_NAMES, "a", "b"])
    assert list(colours) == ["a", "b", *GREY_NAMES]
    assert {colours[name] for name in GREY_NAMES} == {OTHER}
    assert len({colours["a"], colours["b"], OTHER}) == 3
