"""Write a map as one interactive HTML file that works without a network.

The page is a template (assets/map.html.jinja) with its style (map.css) and script (map.js) inside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from rag.map.export.templates import render_page, trusted
from rag.map.points import MapPoints, frame, used_labels

_ASSETS = Path(__file__).parent / "assets"
_STEPS = 100_000
_NOT_IN_SCRIPT = re.compile("[<\u2028\u2029\ud800-\udfff]")


def to_html(points: MapPoints) -> str:
    """The map as one HTML file: hover, legend, cluster labels, search, pan and zoom, light and dark theme.

    It fetches nothing, and no text of a document can become markup or script in it: texts are JSON in a block without
    "<", the script writes them as text, and the page's content security policy allows no other script.
    """
    n = len(points.chunk_ids)
    subtitle = (
        f"{n:,} chunk{'' if n == 1 else 's'}. Points close together mean similar things; the empty space between "
        "groups has no scale."
    )
    context = {
        "subtitle": subtitle,
        "legend_title": points.colour_title,
        "points_json": trusted(_script_json(_payload(points))),
    }
    style, script = ((_ASSETS / name).read_text("utf-8") for name in ("map.css", "map.js"))
    return render_page(_ASSETS, "map.html.jinja", context, title=points.title, style=style, script=script)


def _payload(points: MapPoints) -> dict[str, object]:
    """The map as columns for the script: y counts downwards, and repeated names are stored once and numbered."""
    import numpy as np

    low, high, span = frame(points)
    steps = np.rint((points.xy.astype(np.float64) - low) / span * _STEPS).astype(np.int64)
    bottom = round(float(high[1] - low[1]) / span * _STEPS)
    used = used_labels(points)
    documents, headings = list(dict.fromkeys(points.documents)), list(dict.fromkeys(points.headings))
    return {
        "x": steps[:, 0].tolist(),
        "y": (bottom - steps[:, 1]).tolist(),
        "text": list(points.texts),
        "page": [None if page is None else int(page) for page in points.pages],
        "documents": documents,
        "document": _numbers(points.documents, documents),
        "headings": headings,
        "heading": _numbers(points.headings, headings),
        "groups": [{"name": label, "colour": points.colours[label]} for label in used],
        "group": _numbers(points.colour_labels, used),
        "labels": [
            {
                "name": label.name,
                "x": (label.x - float(low[0])) / span * _STEPS,
                "y": (float(high[1]) - label.y) / span * _STEPS,
            }
            for label in points.cluster_labels
        ],
        "questionsTitle": points.questions_title,
        "questions": [
            {
                "text": one.text,
                "note": one.note,
                "x": (one.place[0] - float(low[0])) / span * _STEPS,
                "y": (float(high[1]) - one.place[1]) / span * _STEPS,
            }
            for one in points.questions
        ],
    }


def _numbers(values: Sequence[str], names: Sequence[str]) -> list[int]:
    """For each value its position in `names`."""
    positions = {name: position for position, name in enumerate(names)}
    return [positions[value] for value in values]


def _script_json(value: object) -> str:
    """JSON that is safe inside a script element: nothing in it can end the element or a line of script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _NOT_IN_SCRIPT.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
