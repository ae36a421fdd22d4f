"""The image of a question among its chunks: everything is inside it, and each number is next to its hit."""

from __future__ import annotations

import re
from itertools import combinations
from math import dist
from xml.etree import ElementTree

import numpy as np
import pytest

from rag.map.points import MapLabel
from rag.report.answer_svg import MarkedHit, question_svg

SVG = "{http://www.w3.org/2000/svg}"
CLOUD = np.random.default_rng(5).normal(size=(40, 2)).astype(np.float32)
CROWD = [MarkedHit(2.0 + 0.001 * i, 1.0, i + 1, f"{i}.md") for i in range(5)]


def read(star, hits, xy=CLOUD, labels=()) -> ElementTree.Element:
    return ElementTree.fromstring(question_svg(xy, labels, star, hits))


def rings(drawing) -> list[tuple[float, float]]:
    return [(float(ring.get("cx")), float(ring.get("cy"))) for ring in drawing.findall(f"{SVG}circle")]


def badges(drawing) -> dict[str, tuple[float, float]]:
    """The centre of each number."""
    places = [group for group in drawing.findall(f"{SVG}g") if group.get("transform")]
    found = {}
    for group in places:
        x, y = re.fullmatch(r"translate\((\S+) (\S+)\)", group.get("transform")).groups()
        found[group.find(f".//{SVG}text").text] = (float(x), float(y))
    return found


def test_the_star_is_joined_to_every_hit_and_each_number_to_its_own():
    hits = [MarkedHit(2, 1, 1, "a"), MarkedHit(-1, -1, 0, "b"), MarkedHit(0, 2, 2, "c")]
    drawing = read((0.0, 0.0), hits)
    lines = [
        tuple(float(line.get(name)) for name in ("x1", "y1", "x2", "y2")) for line in drawing.findall(f"{SVG}line")
    ]
    at, numbers = rings(drawing), badges(drawing)
    assert [line[2:] for line in lines[:3]] == at
    assert len({line[:2] for line in lines[:3]}) == 1
    assert lines[3:] == [at[0] + numbers["1"], at[2] + numbers["2"]]


def test_up_on_the_map_is_up_on_the_picture():
    (_, above), (_, below) = rings(read((0.0, 0.0), [MarkedHit(0, 2, 1, "a"), MarkedHit(0, -2, 2, "b")]))
    assert above < below


def test_numbers_of_hits_that_lie_on_one_another_can_be_told_apart():
    places = list(badges(read((1.9, 0.9), CROWD)).values())
    assert len(places) == 5
    assert min(dist(*pair) for pair in combinations(places, 2)) > 18  # a badge is 18 wide


@pytest.mark.parametrize("corner", [(-9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)])
def test_everything_is_within_the_picture(corner):
    hits = [MarkedHit(*corner, number, "a") for number in range(1, 21)]
    drawing = read((0.0, 0.0), hits)
    for x, y in [*rings(drawing), *badges(drawing).values()]:
        assert 9 <= x <= 800 - 9
        assert 9 <= y <= 480 - 9


def test_a_name_makes_way_for_the_star():
    label = MapLabel(0, "Leave", 0.0, 0.0)
    (alone,) = read(None, [], labels=[label]).find(f"{SVG}g[@class='names']")
    (moved,) = read((0.0, 0.0), [], labels=[label]).find(f"{SVG}g[@class='names']")
    assert alone.get("x") == moved.get("x")
    assert abs(float(alone.get("y")) - float(moved.get("y"))) >= 16


def test_without_a_star_hits_are_drawn_and_not_joined():
    drawing = read(None, CROWD)
    assert len(rings(drawing)) == 5
    assert drawing.findall(f"{SVG}path") == []
    assert len(drawing.findall(f"{SVG}line")) == 5  # from each number to its hit
