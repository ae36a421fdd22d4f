"""The columns of a map: lengths, finite coordinates and colours are checked."""

from __future__ import annotations

import numpy as np
import pytest

from rag.map.points import MapArea, MapQuestion, area_around
from tests.support.maps import made_map


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"texts": ["x"]}, "one row for each of the 9"),
        ({"xy": np.zeros((9, 3), dtype=np.float32)}, "one row for each of the 9"),
        ({"xy": np.full((9, 2), np.nan, dtype=np.float32)}, "finite"),
        ({"colours": {"even": "#0072B2"}}, "no colour for"),
        ({"questions": [MapQuestion("q", "?", "", (1.0, 2.0, 3.0))]}, "2 finite numbers"),
        ({"colours": {"even": "#0072B2", "odd & <b>": 'red"/><script>'}}, "a colour must be like"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        made_map(**changes)


def test_an_area_holds_its_points_with_a_margin_of_a_sixth_of_the_longer_side():
    xy = np.array([[1, 2, 9], [7, 4, -9], [4, 3, 0]], dtype=np.float32)
    assert area_around(xy) == MapArea(0, 8, 1, 5)
    assert area_around(xy[:, :2]) == MapArea(0, 8, 1, 5)
    assert area_around(xy[:1]) == MapArea(0, 2, 1, 3)
