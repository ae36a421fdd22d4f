"""Map scene: the contents of the interactive map, and the message that sends them to the map component."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from rag.map.colours import ON_SCALE, OTHER, OTHER_NAME, SCALE, Colours, GroupColours, ValueColours
from rag.map.points import MapArea, MapLabel, MapQuestion, require_places

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types import FloatArray, IntArray

    MaskArray = NDArray[np.bool_]

TEXT_LIMIT = 5_000
"""Above this many points, texts are not sent with the scene: a click fetches one."""
_PREVIEW = 240

Message = Mapping[str, object]
"""What the map component receives, by name."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Marked points: a query's star at `star`, or the chunk in row `focus`, and the rows of its hits.

    `expected` are the rows of the chunks that should have come.
    """

    star: tuple[float, ...] | None = None
    focus: int = -1
    hits: Sequence[int] = ()
    expected: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Flight:
    """A wish to see an area; the map moves there once for each new `number`."""

    area: MapArea
    number: int


@dataclass(frozen=True, slots=True)
class MapScene:
    """The contents of a map; row i of every array is one chunk.

    `xy` is float32 (n, 2) or (n, 3), finite. `sources`, int64 (n,), are rows of `source_names`. `shown`, bool (n,), is
    the filter's result. `texts` are previews, or None if there are too many. `selected` are chunk ids. `other` are
    the positions to animate to, of the shape of `xy`, and `ends` the names of the two ends of the animation.
    `questions` are marked with a cross, and the legend calls them `questions_title`. `flight` moves the view of a map
    in 2D. `only` are the groups of the legend that are shown, all if it is empty; None leaves this to the map.

    Raises:
        ValueError: lengths differ, a coordinate is not finite, or a question's place has other dimensions.
    """

    chunk_ids: IntArray
    xy: FloatArray
    colours: Colours
    sources: IntArray
    source_names: Sequence[str]
    title: str
    shown: MaskArray | None = None
    texts: Sequence[str] | None = None
    labels: Sequence[MapLabel] = ()
    selected: Sequence[int] = ()
    marks: Marks = field(default_factory=Marks)
    other: FloatArray | None = None
    ends: tuple[str, str] = ("", "")
    questions: Sequence[MapQuestion] = ()
    questions_title: str = "Questions"
    flight: Flight | None = None
    only: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Check what the map component relies on."""
        import numpy as np

        n = len(self.chunk_ids)
        if self.xy.ndim != 2 or len(self.xy) != n or self.xy.shape[1] not in (2, 3):
            raise ValueError(f"a map of {n} chunks needs (n, 2) or (n, 3) coordinates, got {self.xy.shape}")
        if not np.isfinite(self.xy).all():
            raise ValueError("a map's coordinates must be finite; recompute the layout")
        for name, rows in (("sources", self.sources), ("shown", self.shown), ("texts", self.texts)):
            if rows is not None and len(rows) != n:
                raise ValueError(f"'{name}' needs one row for each of the {n} chunks, got {len(rows)}")
        require_places(self.questions, self.xy.shape[1])


def preview(text: str) -> str:
    """The beginning of a text on one line."""
    words = " ".join(text[: 2 * _PREVIEW].split())
    return words if len(words) <= _PREVIEW else words[:_PREVIEW].rsplit(" ", 1)[0] + " …"


def to_message(scene: MapScene, *, height: int, file_name: str, held: str = "") -> Message:
    """The message for the map component: arrays as bytes (float32, int32, int16, uint8), the rest as JSON values.

    An empty array is None. What does not change with colours, filters and marks, the chunks and their places, is named
    by a key, "chunksKey", and left out if the component has it already.

    Args:
        height: of the map, in pixels.
        file_name: the name of a picture that the user saves.
        held: the key of the chunks that the component has, or empty.
    """
    import numpy as np

    chunks = _chunks_message(scene)
    key = _digest(*(value if isinstance(value, bytes) else json.dumps(value).encode() for value in chunks.values()))
    message: dict[str, object] = {
        **({} if key == held else chunks),
        "chunksKey": key,
        "dims": scene.xy.shape[1],
        "labels": [asdict(one) for one in scene.labels],
        "selected": _bytes(np.array(scene.selected), np.int32),
        "ends": list(scene.ends),
        "flight": None if scene.flight is None else asdict(scene.flight),
        "only": None if scene.only is None else list(scene.only),
        "height": height,
        "file": file_name,
        "alt": _alt(scene),
        "layoutKey": _key(scene),
        **_marks_message(scene),
        **_colour_message(scene.colours),
    }
    if scene.shown is not None:
        message["shown"] = _bytes(scene.shown, np.uint8)
    # Streamlit sends a component new arguments only if the part that is JSON has changed.
    message["revision"] = _digest(*(value for value in message.values() if isinstance(value, bytes)))
    return message


def _chunks_message(scene: MapScene) -> Message:
    """The chunks, their places, and the texts and names that are shown for one."""
    import numpy as np

    return {
        "ids": _bytes(scene.chunk_ids, np.int32),
        "xy": _bytes(scene.xy, np.float32),
        "sources": _bytes(scene.sources, np.int32),
        "sourceNames": list(scene.source_names),
        "texts": None if scene.texts is None else list(scene.texts),
        "other": None if scene.other is None else _bytes(scene.other, np.float32),
    }


def _alt(scene: MapScene) -> str:
    """The picture in words."""
    marked = f", {scene.questions_title}: {len(scene.questions):,}" if scene.questions else ""
    return f"{scene.title}, coloured by {scene.colours.title}{marked}"


def _marks_message(scene: MapScene) -> Message:
    marks = scene.marks
    return {
        "star": None if marks.star is None else list(marks.star),
        "focus": marks.focus,
        "hits": list(marks.hits),
        "expected": list(marks.expected),
        "questions": [
            {"key": one.key, "text": one.text, "note": one.note, "at": list(one.place)} for one in scene.questions
        ],
        "questionsTitle": scene.questions_title,
    }


def _colour_message(colours: Colours) -> Message:
    import numpy as np

    if isinstance(colours, GroupColours):
        codes, values, names, hues = colours.codes, np.empty(0, dtype=np.float32), colours.names, colours.colours
        low, high, decimals, scale_group = 0.0, 1.0, 0, -1
    else:
        codes, values = (~np.isfinite(colours.values)).astype(np.int16), colours.values
        names, hues = (ON_SCALE, OTHER_NAME), (SCALE[0], OTHER)
        low, high, decimals, scale_group = colours.low, colours.high, colours.decimals, 0
    scale = colours if isinstance(colours, ValueColours) else None
    content = codes.tobytes() + values.tobytes()
    return {
        "title": colours.title,
        "codes": _bytes(codes, np.int16),
        "values": _bytes(values, np.float32),
        "names": list(names),
        "colours": list(hues),
        "scale": [[i / (len(SCALE) - 1), hue] for i, hue in enumerate(SCALE)],
        "low": low,
        "high": high,
        "decimals": decimals,
        "scaleKind": scale.kind if scale else "linear",
        "ticks": [[place, text] for place, text in scale.ticks()] if scale else [],
        "scaleGroup": scale_group,
        "colourKey": colours.title + _digest(content),
    }


def _bytes(array: NDArray[np.generic], kind: type[np.generic]) -> bytes | None:
    """The array's bytes; None if it is empty, because Streamlit ignores empty values."""
    return array.astype(kind, order="C").tobytes() or None


def _key(scene: MapScene) -> str:
    """A key of the coordinates: the view is kept while it stays the same."""
    return _digest(scene.chunk_ids.tobytes(), scene.xy.tobytes())


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
