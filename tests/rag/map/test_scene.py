"""What the picture is sent: arrays that say what the scene says, and only the texts that are looked at."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rag.map.colours import group_colours, value_colours
from rag.map.points import MapArea, MapLabel, MapQuestion
from rag.map.scene import Flight, MapScene, Marks, preview, to_message

IDS = np.array([3, 8, 20], dtype=np.int64)
XY = np.array([[0.5, -1], [2, 3], [4, 5]], dtype=np.float32)


def scene(**changes) -> MapScene:
    fields = {
        "chunk_ids": IDS, "xy": XY, "colours": group_colours("topic", ["a", "b", "a"]),
        "sources": np.array([0, 0, 1]), "source_names": ("one.txt", "two.txt"), "title": "Map",
    }  # fmt: skip
    return MapScene(**{**fields, **changes})


def message(**changes):
    return to_message(scene(**changes), height=600, file_name="Map")


def test_arrays_come_back_as_they_were():
    sent = message(shown=np.array([True, False, True]), other=XY + 1, selected=(8, 20))
    assert np.frombuffer(sent["ids"], np.int32).tolist() == IDS.tolist()
    np.testing.assert_array_equal(np.frombuffer(sent["xy"], np.float32).reshape(-1, sent["dims"]), XY)
    np.testing.assert_array_equal(np.frombuffer(sent["other"], np.float32).reshape(-1, 2), XY + 1)
    assert np.frombuffer(sent["shown"], np.uint8).tolist() == [1, 0, 1]
    assert np.frombuffer(sent["selected"], np.int32).tolist() == [8, 20]
    codes = np.frombuffer(sent["codes"], np.int16).tolist()
    assert [sent["names"][code] for code in codes] == ["a", "b", "a"]
    assert np.frombuffer(sent["sources"], np.int32).tolist() == [0, 0, 1]


def test_chunks_that_the_map_has_are_named_and_not_sent():
    first = message()
    chunks = {"ids", "xy", "sources", "sourceNames", "texts", "other"}
    recoloured = {"colours": group_colours("topic", ["b", "a", "a"])}
    again = to_message(scene(**recoloured), height=600, file_name="Map", held=first["chunksKey"])
    assert set(first) - set(again) == chunks
    assert again["chunksKey"] == first["chunksKey"]
    assert again["codes"] == message(**recoloured)["codes"]
    for changed in ({"xy": XY + 1}, {"texts": ["a", "b", "c"]}, {"source_names": ("two.txt", "one.txt")}):
        moved = to_message(scene(**changed), height=600, file_name="Map", held=first["chunksKey"])
        assert chunks <= set(moved)
        assert moved["chunksKey"] != first["chunksKey"]


def test_all_but_the_arrays_is_json():
    sent = message(labels=[MapLabel(0, "<b>", 1.0, 2.0)], marks=Marks((1.0, 2.0), -1, [0, 2]), texts=["a", "b", "c"])
    kept = json.loads(json.dumps({name: value for name, value in sent.items() if not isinstance(value, bytes)}))
    place = {"cluster": 0, "name": "<b>", "x": 1.0, "y": 2.0, "z": 0.0, "layer": 0, "radius": 0.0}
    assert kept["labels"] == [place]
    assert (kept["star"], kept["hits"], kept["focus"]) == ([1.0, 2.0], [0, 2], -1)
    assert kept["texts"] == ["a", "b", "c"]
    assert message()["texts"] is None


def test_questions_and_expected_chunks_are_sent_with_their_places():
    asked = MapQuestion("q1", "Where is <b>?", "Rank of the expected passage: Words 7", (1.5, 2.0))
    sent = message(questions=[asked], questions_title="Failed questions", marks=Marks((1.5, 2.0), -1, [0], [2]))
    assert sent["questions"] == [{"key": "q1", "text": asked.text, "note": asked.note, "at": [1.5, 2.0]}]
    assert (sent["questionsTitle"], sent["expected"]) == ("Failed questions", [2])
    assert sent["alt"] == "Map, coloured by topic, Failed questions: 1"
    assert message()["alt"] == "Map, coloured by topic"


def test_the_area_to_move_to_is_sent_with_the_number_of_the_flight():
    flight = Flight(MapArea(0.0, 2.0, -1.0, 1.0), 3)
    assert message()["flight"] is None
    assert message(flight=flight)["flight"] == {
        "area": {"left": 0.0, "right": 2.0, "bottom": -1.0, "top": 1.0}, "number": 3
    }  # fmt: skip


def test_values_are_a_scale_and_what_has_none_is_a_group_of_its_own():
    sent = message(colours=value_colours("length", np.array([4, np.nan, 9], dtype=np.float32)))
    assert np.frombuffer(sent["codes"], np.int16).tolist() == [sent["scaleGroup"], 1, sent["scaleGroup"]]
    assert (sent["low"], sent["high"]) == (4, 9)


def test_the_view_is_kept_while_the_places_are_and_colours_are_told_apart():
    first = message()
    recoloured = message(colours=group_colours("topic", ["b", "a", "a"]))
    moved = message(xy=XY + 1)
    assert first["layoutKey"] == recoloured["layoutKey"] != moved["layoutKey"]
    assert first["colourKey"] == moved["colourKey"] != recoloured["colourKey"]


def test_a_hundred_thousand_points_take_a_few_bytes_each():
    n = 100_000
    labels = [f"topic {i % 9}" for i in range(n)]
    sent = message(
        chunk_ids=np.arange(n), xy=np.zeros((n, 2), np.float32), sources=np.zeros(n, np.int64),
        colours=group_colours("topic", labels),
    )  # fmt: skip
    arrays = sum(len(value) for value in sent.values() if isinstance(value, bytes))
    assert arrays == n * (4 + 8 + 2 + 4)
    assert len(json.dumps({name: value for name, value in sent.items() if not isinstance(value, bytes)})) < 2_000


@pytest.mark.parametrize(
    "changes",
    [
        {"xy": XY[:2]},
        {"xy": np.full((3, 2), np.nan, np.float32)},
        {"xy": np.zeros((3, 4), np.float32)},
        {"texts": ["a"]},
        {"sources": np.array([0])},
        {"shown": np.array([True])},
        {"questions": [MapQuestion("q", "?", "", (0.0, 0.0, 0.0))]},
        {"questions": [MapQuestion("q", "?", "", (0.0, float("nan")))]},
    ],
)
def test_what_does_not_fit_together_is_refused(changes):
    with pytest.raises(ValueError, match=r"coordinates|one row for each|2 finite numbers"):
        scene(**changes)


def test_previews_are_one_line_and_short():
    assert preview(" a\n\tb ") == "a b"
    long = preview("word " * 400)
    assert len(long) < 250
    assert long.endswith(" …")
    assert preview("") == ""
