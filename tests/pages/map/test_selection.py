"""The one selection of the map: filters, ranges, the legend and marked chunks, in the address and out of it again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pages.shared.widgets.map_state import MapState
from rag.map import layout
from rag.map.projection import ProjectionParameters, to_bytes
from rag.map.selection.chunk_codes import encode_ids
from rag.runtime import artifacts
from rag.store.chunk_table import ChunkTable
from rag.store.collection import Collection
from tests.pages.support.app import button, labelled, start, texts

RANGE = "range.Chunk length"


@pytest.fixture
def frame(sample: Collection) -> pd.DataFrame:
    """The sample's chunks with pandas, the reference."""
    table = ChunkTable.of(sample)
    return pd.DataFrame(
        {"id": table.chunk_ids, "document": table.document_of_each(), "tokens": table.n_tokens, **table.columns}
    )


def component(app, name: str):
    return next(one.proto for one in app.get("component_instance") if one.proto.component_name.endswith(name))


def arguments(app, name: str) -> dict:
    return json.loads(component(app, name).json_args)


SENT: dict[str, bytes] = {}
"""The bytes of the chunks' ids that were sent, by the key of the chunks."""


def granularity(app):
    return labelled(app.select_slider, "Cluster granularity (coarse – fine)")


def special_bytes(app, name: str) -> dict[str, bytes]:
    """The arguments of a component that are bytes."""
    return {one.key: one.bytes for one in component(app, name).special_args}


def drawn_ids(app) -> set[int]:
    """The chunks that the map draws in colour: those that pass its filter and are in the chosen groups."""
    content = special_bytes(app, "map_chart.map")
    # The chunks are sent once, and then only named.
    ids = np.frombuffer(SENT.setdefault(arguments(app, "map_chart.map")["chunksKey"], content.get("ids")), np.int32)
    kept = np.frombuffer(content["shown"], np.uint8) > 0 if "shown" in content else np.ones(len(ids), bool)
    said = arguments(app, "map_chart.map")
    if said["only"]:
        codes = np.frombuffer(content["codes"], np.int16)
        kept = kept & np.isin(codes, [i for i, name in enumerate(said["names"]) if name in said["only"]])
    return set(ids[kept].tolist())


def listed_ids(app) -> set[int]:
    """The chunks of the table below the map."""
    return set(next(one.value for one in app.dataframe if "chunk_id" in one.value)["chunk_id"])


def counted(app, title: str) -> dict[str, int]:
    """The shown chunks of each bar of a chart."""
    (chart,) = [one for one in arguments(app, "charts.charts")["charts"] if one["title"] == title]
    return dict(zip(chart["names"], chart["kept"], strict=True))


ADDRESSES = [
    ({"words": "bank"}, lambda frame: frame["text"].str.contains("bank", case=False)),
    ({"column.topic": ["Music", "Sports"]}, lambda frame: frame["topic"].isin(["Music", "Sports"])),
    ({"document": "topics.csv"}, lambda frame: frame["document"] == "topics.csv"),
    ({RANGE: "40..60"}, lambda frame: frame["tokens"].between(40, 60, inclusive="left")),
    ({"only": ["Music", "no such topic"], "colour": "topic"}, lambda frame: frame["topic"] == "Music"),
    (
        {"column.topic": ["Music", "Sports"], RANGE: "30..50", "only": "Sports", "colour": "topic"},
        lambda frame: (frame["topic"] == "Sports") & frame["tokens"].between(30, 50, inclusive="left"),
    ),
]


def test_the_bar_of_each_chunk_is_sent_once(sample):
    app = start(below="Charts")
    charts = [one for one in arguments(app, "charts.charts")["charts"] if one["edges"]]
    assert "Chunk length" in {one["title"] for one in charts}
    bars = np.frombuffer(special_bytes(app, "charts.charts")["codes"], np.uint8).reshape(len(charts), -1)
    for chart, row in zip(charts, bars, strict=True):
        assert np.bincount(row[row < 255], minlength=len(chart["names"])).tolist() == chart["all"]
    assert "codes" not in special_bytes(app.run(), "charts.charts")


@pytest.mark.parametrize(("address", "rows"), ADDRESSES)
def test_an_address_shows_the_rows_that_pandas_has(sample, frame, address, rows):
    frame["text"] = [chunk.text for chunk in sample.chunks(frame["id"].tolist())]
    expected = frame[rows(frame)]
    assert 0 < len(expected) < len(frame)
    app = start(below=["Charts", "Table"], **address)
    for _ in range(2):
        assert drawn_ids(app) == set(expected["id"])
        assert listed_ids(app) == set(expected["id"])
        assert sum(counted(app, "Document").values()) == len(expected)
        topics = expected["topic"].value_counts().drop("", errors="ignore").to_dict()
        assert {name: n for name, n in counted(app, "topic").items() if name in topics} == topics
        for name, value in address.items():
            assert app.query_params[name] in (value, [value])
        app.run()
    button(app, "Clear filters").click().run()
    assert drawn_ids(app) == set(frame["id"])
    assert not {"words", "document", "column.topic", RANGE, "only"} & set(app.query_params)


def test_marked_chunks_are_in_the_address_and_come_back(sample, frame):
    ids = frame["id"].tolist()[4:90:3]
    app = start()
    app.session_state[f"map-state-{sample.uid}"] = MapState(selected=tuple(ids))
    app.run()
    link = app.query_params["selection"]
    assert link in (encode_ids(ids), [encode_ids(ids)])
    again = start(selection=encode_ids(ids), below="Charts")
    assert f"{len(ids)} selected" in texts(again)
    assert sum(counted(again, "Document").values()) == len(ids)
    button(again, "Clear selection").click().run()
    assert "selection" not in again.query_params
    assert "cannot be read" in texts(start(selection="nonsense"))


def test_back_goes_to_the_choices_before(sample, frame):
    app = start()
    labelled(app.text_input, "Text contains").input("bank").run()
    assert app.query_params["words"] in ("bank", ["bank"])
    few = drawn_ids(app)
    app.query_params.pop("words")
    app.run()
    assert labelled(app.text_input, "Text contains").value == ""
    assert drawn_ids(app) == set(frame["id"]) > few


def test_another_colour_shows_all_groups_of_its_legend(sample, frame):
    app = start(colour="topic", only="Music")
    assert len(drawn_ids(app)) < len(frame)
    labelled(app.selectbox, "Colour by").select("Document").run()
    assert drawn_ids(app) == set(frame["id"])
    assert "only" not in app.query_params


def test_the_granularity_of_clusters_is_in_the_address_unless_it_is_the_maps_own(sample):
    app = start()
    assert "clusters" not in app.query_params
    slider = granularity(app)
    layer = 0 if slider.value else 1
    slider.set_value(layer).run()
    n_clusters = slider.options[layer].removesuffix(" clusters")
    assert app.query_params["clusters"] in (n_clusters, [n_clusters])
    linked = start(clusters=n_clusters)
    for _ in range(2):
        assert granularity(linked).value == granularity(app).value
        assert len(arguments(linked, "map_chart.map")["labels"]) == len(arguments(app, "map_chart.map")["labels"])
        linked.run()
    linked.query_params.pop("clusters")
    assert granularity(linked.run()).value == granularity(start()).value
    assert "clusters" not in start(clusters="none").query_params


def test_the_map_follows_a_layout_that_was_written_meanwhile(sample):
    app = start()
    before = arguments(app, "map_chart.map")["layoutKey"]
    assert arguments(app.run(), "map_chart.map")["layoutKey"] == before
    kept = layout.load_layout(sample, ProjectionParameters())
    turned = replace(kept, xy=kept.xy[:, ::-1].copy())
    artifacts.write_cached(layout._path(sample, ProjectionParameters()), to_bytes(turned))
    assert arguments(app.run(), "map_chart.map")["layoutKey"] != before


def test_two_clicked_chunks_are_compared_token_by_token(sample):
    first, second = sample.chunks()[20], sample.chunks()[28]
    app = start(**{"chunk": str(second.chunk_id), "with": str(first.chunk_id)})
    assert "How similar are these two, and why?" in texts(app)
    ids, vectors = sample.embeddings()
    cosine = float(vectors[ids.tolist().index(first.chunk_id)] @ vectors[ids.tolist().index(second.chunk_id)])
    assert app.get("progress")[0].proto.text == f"similarity {cosine:.2f}"
    shown = {metric.label: float(metric.value) for metric in app.metric}
    assert shown["Sum of all token pairs"] == pytest.approx(cosine, abs=2e-3)
    button(app, "Close").click().run()
    assert not {"chunk", "with"} & set(app.query_params)
    assert "How similar are these two" not in texts(start(chunk=str(first.chunk_id)))
