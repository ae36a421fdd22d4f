"""What a map shows: chunks and places that belong together, clusters that are kept, and the files it is taken as."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from rag.errors import ExplorerError
from rag.map.clusters.finding import find_clusters, layers_of
from rag.map.clusters.model_names import keep_name
from rag.map.colours import OTHER_NAME, group_colours, value_colours
from rag.map.export.files import escape_formula
from rag.map.layout import make_layout
from rag.map.points import UNCLUSTERED_NAME
from rag.map.projection import ProjectionParameters
from rag.map.view import EXPORTS, map_file, map_points, present, requests_for_names, sample_rows, with_kept_names
from rag.store.chunk_table import ChunkTable


@pytest.fixture
def drawn(sample):
    table = ChunkTable.of(sample)
    return present(make_layout(sample, ProjectionParameters()), table)


@pytest.fixture
def clusters(sample, drawn):
    return find_clusters(sample, drawn[0])


@pytest.fixture
def points(sample, drawn, clusters):
    return map_points(sample, *drawn, clusters, group_colours("cluster", clusters.names()))


def test_every_kind_of_file_is_made_and_the_table_holds_the_collection(sample, points):
    assert all(map_file(points, f"map{suffix}") for suffix in EXPORTS)
    table = pd.read_csv(io.BytesIO(map_file(points, "map.CSV")))
    assert table["chunk_id"].tolist() == sample.chunk_ids().tolist()
    assert table["text"].tolist() == [escape_formula(chunk.text) for chunk in sample.chunks()]
    with pytest.raises(ExplorerError, match=r"'map.txt' is not a supported type of map file. Use one of: .html"):
        map_file(points, "map.txt")


def test_a_scale_is_exported_as_steps(sample, drawn, clusters):
    layout, table = drawn
    colours = value_colours("Tokens", table.n_tokens.astype(np.float32), 0)
    points = map_points(sample, layout, table, clusters, colours)
    for n_tokens, label in zip(table.n_tokens.tolist(), points.colour_labels, strict=True):
        low, high = (float(end) for end in label.split(" to "))
        assert low - 1 <= n_tokens <= high + 1
    assert OTHER_NAME not in points.colour_labels


def test_every_chunk_has_its_clusters_name(points):
    by_label = {label.cluster: label.name for label in points.cluster_labels}
    for label, name in zip(points.clusters.tolist(), points.colour_labels, strict=True):
        assert name == UNCLUSTERED_NAME if label < 0 else name.startswith(by_label[label])
    assert len(set(points.colour_labels) - {UNCLUSTERED_NAME}) == len(by_label)


def test_clusters_are_kept_as_they_were_found(sample, drawn, clusters):
    again = find_clusters(sample, drawn[0])
    assert again.labels.tolist() == clusters.labels.tolist()
    assert again.summaries == clusters.summaries
    assert len(clusters.summaries) > 3
    fine = find_clusters(sample, drawn[0], len(layers_of(sample, drawn[0]).counts) - 1)
    assert len(fine.summaries) > len(clusters.summaries)


def test_a_models_name_is_kept_for_its_cluster_and_shown_everywhere(sample, drawn, clusters):
    requests = requests_for_names(sample, drawn[0], clusters)
    texts = {chunk.chunk_id: chunk.text for chunk in sample.chunks()}
    for request, one in zip(requests, clusters.summaries, strict=True):
        assert list(request.typical) == [texts[int(drawn[0].chunk_ids[row])] for row in one.typical]
    assert with_kept_names(sample, clusters, requests).names() == clusters.names()
    keep_name(sample.cache_folder, sample.uid, requests[1].key, "Outer space")
    named = with_kept_names(sample, clusters, requests)
    assert named.names_by_label()[clusters.summaries[1].label] == "Outer space"
    assert named.names().count("Outer space") == clusters.summaries[1].size


def test_chunks_that_only_one_side_knows_are_left_out(sample, drawn):
    layout, table = drawn
    kept, rows = present(layout, table.take(np.arange(5, len(table))))
    assert kept.chunk_ids.tolist() == rows.chunk_ids.tolist() == table.chunk_ids[5:].tolist()
    np.testing.assert_array_equal(kept.xy, layout.xy[5:])
    assert present(layout, table) == (layout, table)


def test_a_sample_is_drawn_by_its_seed():
    assert sample_rows(5, 5).tolist() == [0, 1, 2, 3, 4]
    rows = sample_rows(1_000, 50)
    assert rows.tolist() == sample_rows(1_000, 50).tolist() == sorted(set(rows.tolist()))
    assert len(rows) == 50
    assert rows.tolist() != sample_rows(1_000, 50, seed=1).tolist()
    assert sample_rows(0, 5).tolist() == []
