"""Lasso selection on the map, drawn with the mouse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page

from tests.browser.app_server import map_frame, map_value

_HALF = 90.0
# The places of up to 2,000 points, in pixels.
_PLACES = """[...scene.ids.keys()].filter((i) => i % Math.ceil(scene.n / 2_000) === 0)
    .map((i) => [chart._fullLayout.xaxis.l2p(places[2 * i]), chart._fullLayout.yaxis.l2p(places[2 * i + 1])])"""
# What lies over the map: the search field above, the legend on the right, the toolbar below.
_ABOVE, _RIGHT, _BELOW = 80.0, 240.0, 60.0


def drag_lasso(page: Page) -> Callable[[], None]:
    """Draw a square with the lasso where most points are; returns the function that releases the mouse."""
    frame = map_frame(page)
    frame.locator("[data-title='Lasso Select']").click()
    box = frame.locator("#chart .nsewdrag").first.bounding_box()
    assert box is not None
    left, top = _fullest_square(np.array(map_value(page, _PLACES)), box["width"], box["height"])
    x, y = box["x"] + left, box["y"] + top
    page.mouse.move(x - _HALF, y - _HALF)
    page.mouse.down()
    for dx, dy in ((_HALF, -_HALF), (_HALF, _HALF), (-_HALF, _HALF), (-_HALF, -_HALF + 1)):
        page.mouse.move(x + dx, y + dy, steps=8)
    return page.mouse.up


def _fullest_square(sample: np.ndarray, width: float, height: float) -> tuple[float, float]:
    """The point in the middle of the map around which most of these points lie, in pixels."""
    x, y = sample.T
    is_free = (x > _HALF) & (x < width - _HALF - _RIGHT) & (y > _HALF + _ABOVE) & (y < height - _HALF - _BELOW)
    free = sample[is_free]
    near = (np.abs(free[:, None] - sample[None]) < _HALF).all(axis=2).sum(axis=1)
    return tuple(free[near.argmax()].tolist())
