"""An exported map as SVG: every point and every colour, labels that do not overlap."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from rag.map.export.svg import to_svg
from rag.map.points import MapLabel, MapQuestion
from tests.support.maps import made_map

SVG = "{http://www.w3.org/2000/svg}"


def test_the_drawing_has_a_circle_for_each_point_and_each_colour():
    drawing = ElementTree.fromstring(to_svg(made_map(headings=["\x00\x0b"] * 9)))
    groups = drawing.findall(f"{SVG}g")
    assert [(group.get("fill"), len(group)) for group in groups] == [("#0072B2", 5), ("#E69F00", 4)]
    written = [element.text for element in drawing.findall(f"{SVG}text")]
    assert written == ["<i>name</i>", "Sample </title><script>", "Colours", "even", "odd & <b>"]
    assert len(drawing.findall(f"{SVG}circle")) == 2
    ups = [float(circle.get("cy")) for circle in groups[0]]
    assert ups == sorted(ups, reverse=True)


def test_the_drawing_leaves_out_names_that_overlap_and_says_what_the_legend_lacks():
    labels = [f"label {number}" for number in range(60)]
    points = made_map(
        60,
        colour_labels=labels,
        colours=dict.fromkeys(labels, "#0072b2"),
        cluster_labels=[MapLabel(0, "first", 1, 1), MapLabel(1, "covered", 1.01, 1), MapLabel(2, "far", 8, 15)],
    )
    written = [element.text for element in ElementTree.fromstring(to_svg(points)).findall(f"{SVG}text")]
    assert written[:2] == ["first", "far"]
    assert "covered" not in written
    shown = [text for text in written if text.startswith("label ")]
    assert written[-1] == f"and {60 - len(shown)} more"


def test_a_question_is_a_cross_at_its_place_and_in_the_legend():
    points = made_map()
    on_a_chunk = tuple(points.xy[4].tolist())
    asked = [MapQuestion("q1", "Where is </title>?", "rank 7", on_a_chunk), MapQuestion("q2", "When?", "", (0.0, 0.0))]
    drawing = ElementTree.fromstring(to_svg(made_map(questions=asked, questions_title="Failed questions")))
    crosses = [group for group in drawing.findall(f"{SVG}g") if group.find(f"{SVG}title") is not None]
    assert [group.findtext(f"{SVG}title") for group in crosses] == ["Where is </title>?", "When?"]
    x, y = (float(part) for part in crosses[0].findall(f"{SVG}path")[1].get("d").split("l")[0].strip("M").split())
    even = drawing.findall(f"{SVG}g")[0].findall(f"{SVG}circle")[2]
    assert (x + 5, y + 5) == (
        pytest.approx(float(even.get("cx")), abs=0.1),
        pytest.approx(float(even.get("cy")), abs=0.1),
    )
    assert [element.text for element in drawing.findall(f"{SVG}text")][-3:] == ["even", "odd & <b>", "Failed questions"]
    assert len(drawing.findall(f"{SVG}path")) == 2, "the legend's cross with its outline"


def test_a_long_legend_still_names_the_questions():
    labels = [f"label {number}" for number in range(60)]
    points = made_map(
        60,
        colour_labels=labels,
        colours=dict.fromkeys(labels, "#0072b2"),
        questions=[MapQuestion("q", "When?", "", (0.0, 0.0))],
    )
    texts = ElementTree.fromstring(to_svg(points)).findall(f"{SVG}text")
    assert texts[-1].text == "Questions"
    assert texts[-2].text.endswith(" more")
    assert float(texts[-2].get("y")) < float(texts[-1].get("y")) < 800


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_points(n):
    drawing = ElementTree.fromstring(to_svg(made_map(n)))
    assert len(drawing.findall(f"{SVG}g/{SVG}circle")) == n


def test_points_in_one_place_are_drawn():
    assert "nan" not in to_svg(made_map(xy=np.full((9, 2), 5, dtype=np.float32)))
