"""Chapter 6, the token map: every word of the collection as a point, placed by its vector in context."""

from __future__ import annotations

import html
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.layers import paths_of
from pages.shared.how_it_works.scene import Scene, show_figure, show_needs_documents
from pages.shared.session.resources import task_board
from pages.shared.widgets.common import escaped, show_chunk_links
from pages.shared.widgets.map_chart import MapEvent, show_map
from pages.shared.widgets.tasks import show_task
from rag.anatomy.token_cloud import TokenCloud, draw_cloud, senses, token_cloud
from rag.embedding.inside import ModelInside
from rag.map.colours import OTHER, PALETTE, GroupColours
from rag.map.projection import principal_components
from rag.map.scene import MapScene, Marks
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Chunk, Projection

if TYPE_CHECKING:
    from rag.types import FloatArray

_SIZES = (3_000, 10_000, 30_000)
_HUES = (PALETTE[5], PALETTE[0], PALETTE[2], PALETTE[3])
_MOST_TEXTS = 12_000
_CHOSEN, _MAP = "anatomy-cloud-chosen", "anatomy-cloud"
_AROUND = 90


@dataclass(frozen=True, slots=True)
class _Drawn:
    cloud: TokenCloud
    layout: Projection


def show(scene: Scene) -> None:
    """The map of words in context, with the occurrences of one word coloured."""
    inside = scene.require_inside()
    collection = scene.collection
    if collection is None or not collection.n_chunks():
        show_needs_documents()
        return
    size_column, word_column = st.columns([1, 2], vertical_alignment="bottom")
    size = size_column.select_slider(
        "Words", _SIZES, _SIZES[0], format_func="{:,}".format, key="anatomy-cloud-size", help="More words take longer."
    )
    word = word_column.text_input(
        "Colour the occurrences of",
        "bank",
        key="anatomy-cloud-word",
        help="A word; each of its occurrences is a point.",
    )
    drawn = _drawn(scene, collection, inside, size, word)
    if drawn is None:
        return
    names = senses(drawn.cloud, word, _known(scene, word))
    _say_what_is_drawn(drawn.cloud, word, names)
    _show_points(drawn, collection, word, names)


def _show_word_alone(drawn: _Drawn, word: str, names: Mapping[int, str], sentences: Sequence[str]) -> None:
    """The occurrences of the word among themselves: there is room for small differences."""
    st.markdown(f"**Only \u201c{escaped(word.strip())}\u201d**")
    rows = list(names)
    if len(rows) < 3:
        st.caption("Three occurrences are needed to compare them. Try another word, or draw more words.")
        return
    xy = principal_components(drawn.cloud.vectors[rows], 2)
    figure = go.Figure()
    for sense, colour in zip(sorted(set(names.values())), _HUES, strict=False):
        of_sense = [place for place, row in enumerate(rows) if names[row] == sense]
        figure.add_scatter(
            x=xy[of_sense, 0], y=xy[of_sense, 1], mode="markers", name=sense or word.strip(),
            marker={"size": 12, "color": colour}, hovertext=[_wrapped(sentences[rows[place]]) for place in of_sense],
            hoverinfo="text",
        )  # fmt: skip
    figure.update_layout(height=420, legend={"orientation": "h", "y": -0.05})
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False)
    words = f"{len(rows)} occurrences of '{word.strip()}', drawn by PCA of these alone."
    show_figure(figure, words, key="anatomy-word-alone")
    how = "The examples of chapter 3 name the meanings." if "use 1" not in names.values() else "Grouped by similarity."
    st.caption(f"{escaped(words)} {how}")


def _wrapped(sentence: str) -> str:
    return "<br>".join(textwrap.wrap(html.escape(sentence), 60))


def _known(scene: Scene, word: str) -> dict[str, FloatArray]:
    """The vectors of the word in the examples of each sense; empty for a word without examples."""
    inside, found = scene.require_inside(), scene.examples.occurrences(word.strip().casefold())
    if not found:
        return {}
    spec = scene.model.spec
    paths = paths_of((spec.model_id, spec.revision), tuple(found), inside)
    of_sense = {one.sense: [row for row, other in enumerate(found) if other.sense == one.sense] for one in found}
    return {sense: paths.vectors[rows, -1] for sense, rows in of_sense.items()}


def _say_what_is_drawn(cloud: TokenCloud, word: str, names: Mapping[int, str]) -> None:
    part = (
        f"all {cloud.n_chunks:,} chunks"
        if cloud.n_chunks == cloud.n_all_chunks
        else f"{cloud.n_chunks:,} of {cloud.n_all_chunks:,} chunks: first those that hold '{word}', then random ones"
    )
    counts = Counter(names.values())
    uses = ", ".join(f"{sense or 'one use'} {n}" for sense, n in counts.most_common())
    st.caption(
        escaped(f"{len(cloud.points):,} words from {part}. '{word}' occurs {len(names)} times")
        + (f" ({escaped(uses)}). " if uses else ". ")
        + "Point at one to read its sentence; "
        "click it to keep it."
    )


def _show_points(drawn: _Drawn, collection: Collection, word: str, names: Mapping[int, str]) -> None:
    cloud = drawn.cloud
    texts = {chunk.chunk_id: chunk.text for chunk in collection.chunks(sorted({one.chunk_id for one in cloud.points}))}
    sentences = [_around(texts.get(one.chunk_id, ""), one.start, one.end) for one in cloud.points]
    chosen = st.session_state.get(_CHOSEN, -1)
    everything, alone = st.columns([3, 2])
    with everything:
        show_map(_scene(drawn, _colours(word, names, len(cloud.points)), sentences, chosen), key=_MAP, on_event=_follow)
    with alone:
        _show_word_alone(drawn, word, names, sentences)
    if 0 <= chosen < len(cloud.points):
        point = cloud.points[chosen]
        with st.container(border=True):
            st.markdown(f"**{escaped(point.word)}** in its chunk")
            st.text(sentences[chosen])
            show_chunk_links(point.chunk_id)


def _follow(event: MapEvent) -> None:
    st.session_state[_CHOSEN] = event.chunk_ids[0] if event.kind == "click" else -1


def _colours(word: str, names: Mapping[int, str], n: int) -> GroupColours:
    """The word's senses in colours, all other words grey."""
    import numpy as np

    found = sorted(set(names.values()))
    labels = [f"{word.strip()}: {sense}" if sense else word.strip() for sense in found]
    codes = np.full(n, len(found), dtype=np.int16)
    for row, sense in names.items():
        codes[row] = found.index(sense)
    return GroupColours("word", codes, (*labels, "other words"), (*(_HUES[: len(found)]), OTHER))


def _scene(drawn: _Drawn, colours: GroupColours, sentences: Sequence[str], chosen: int) -> MapScene:
    import numpy as np

    return MapScene(
        chunk_ids=drawn.layout.chunk_ids,
        xy=drawn.layout.xy,
        colours=colours,
        sources=np.zeros(len(sentences), dtype=np.int64),
        source_names=[""],
        title="Words in context",
        texts=list(sentences) if len(sentences) <= _MOST_TEXTS else None,
        marks=Marks(None, chosen, ()),
    )


def _around(text: str, start: int, end: int) -> str:
    """The word with its surroundings on one line."""
    first, last = max(start - _AROUND, 0), end + _AROUND
    shown = f"{text[first:start]}[{text[start:end]}]{text[end:last]}"
    return ("… " if first else "") + " ".join(shown.split()) + (" …" if last < len(text) else "")


def _drawn(scene: Scene, collection: Collection, inside: ModelInside, size: int, word: str) -> _Drawn | None:
    """The map, made in the background with progress; None until it is done."""
    key = f"token-map-{collection.uid}-{collection.generation()}-{scene.model.spec.model_id}-{size}-{word}"
    kept = _kept()
    if key not in kept:
        board = task_board()
        if board.view(key) is None:
            board.start(
                key, f"Reading {size:,} words in context", partial(_work, kept, key, collection, inside, size, word)
            )
        show_task(key)
    return kept.get(key)


@st.cache_resource(show_spinner=False)
def _kept() -> dict[str, _Drawn]:
    """Finished maps by key, shared by all tabs; the last few."""
    return {}


def _work(
    kept: dict[str, _Drawn],
    key: str,
    collection: Collection,
    inside: ModelInside,
    size: int,
    word: str,
    report: Report,
) -> None:
    chunks: list[Chunk] = collection.chunks()
    cloud = token_cloud(inside, chunks, size, word=word, report=lambda share: report(0.7 * share))
    layout = draw_cloud(cloud, lambda share: report(0.7 + 0.3 * share))
    while len(kept) >= 4:
        kept.pop(next(iter(kept)), None)
    kept[key] = _Drawn(cloud, layout)
