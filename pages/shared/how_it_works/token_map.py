"""Chapter 6, the token map: every word of the collection as a point, placed by its vector in context."""

from __future__ import annotations

import html
import textwrap
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, show_figure, show_needs_documents
from pages.shared.session.resources import task_board
from pages.shared.widgets.common import escaped, show_chunk_links
from pages.shared.widgets.map_chart import MapEvent, show_map
from pages.shared.widgets.tasks import show_task
from rag.anatomy.examples import examples
from rag.anatomy.layers import word_paths
from rag.anatomy.token_cloud import TokenCloud, draw_cloud, senses, token_cloud
from rag.embedding.inside import ModelInside
from rag.map.colours import OTHER, PALETTE, GroupColours
from rag.map.projection import principal_components
from rag.map.scene import MapScene, Marks
from rag.runtime.background import Report
from rag.store.collection import Collection
from rag.types import Projection

if TYPE_CHECKING:
    from rag.types import FloatArray

_SIZES = (3_000, 10_000, 30_000)
_HUES = (PALETTE[5], PALETTE[0], PALETTE[2], PALETTE[3])
_MOST_TEXTS = 12_000
_MOST_KEPT = 4
_CHOSEN = "anatomy-cloud-chosen"
"""The key of the clicked word: the key of its map, and its row there."""
_AROUND = 90


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A finished map of one word: `names` are the senses of its occurrences by row, `sentences` surround each word."""

    key: str
    word: str
    cloud: TokenCloud
    layout: Projection
    names: dict[int, str]
    sentences: list[str]


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
    drawn = _drawn(scene, collection, inside, size, word.strip())
    if drawn is not None:
        _say_what_is_drawn(drawn)
        _show_points(drawn)


def _say_what_is_drawn(drawn: _Drawn) -> None:
    cloud, counts = drawn.cloud, Counter(drawn.names.values())
    part = (
        f"all {cloud.n_chunks:,} chunks"
        if cloud.n_chunks == cloud.n_all_chunks
        else f"{cloud.n_chunks:,} of {cloud.n_all_chunks:,} chunks, those with '{drawn.word}' first, then random ones"
    )
    uses = ", ".join(f"{sense} {n}" for sense, n in counts.most_common() if sense)
    st.caption(
        escaped(
            f"{len(cloud.points):,} words from {part}. '{drawn.word}' occurs {len(drawn.names)} times"
            f"{f' ({uses})' if uses else ''}. Point at a word to read its sentence; click it to keep it."
        )
    )


def _show_points(drawn: _Drawn) -> None:
    of_map, row = st.session_state.get(_CHOSEN, ("", -1))
    chosen = row if of_map == drawn.key else -1
    everything, alone = st.columns([3, 2])
    with everything:
        show_map(_scene(drawn, chosen), key=f"anatomy-cloud-{drawn.key}", on_event=partial(_follow, drawn.key))
    with alone:
        _show_word_alone(drawn)
    if chosen >= 0:
        point = drawn.cloud.points[chosen]
        with st.container(border=True):
            st.markdown(f"**{escaped(point.word)}** in its chunk")
            st.text(drawn.sentences[chosen])
            show_chunk_links(point.chunk_id)


def _follow(key: str, event: MapEvent) -> None:
    st.session_state[_CHOSEN] = (key, event.chunk_ids[0] if event.kind == "click" else -1)


def _scene(drawn: _Drawn, chosen: int) -> MapScene:
    import numpy as np

    sentences = drawn.sentences
    return MapScene(
        chunk_ids=drawn.layout.chunk_ids,
        xy=drawn.layout.xy,
        colours=_colours(drawn),
        sources=np.zeros(len(sentences), dtype=np.int64),
        source_names=[""],
        title="Words in context",
        texts=sentences if len(sentences) <= _MOST_TEXTS else None,
        marks=Marks(None, chosen, ()),
    )


def _colours(drawn: _Drawn) -> GroupColours:
    """The word's senses in colours, all other words grey."""
    import numpy as np

    found = sorted(set(drawn.names.values()))
    labels = [f"{drawn.word}: {sense}" if sense else drawn.word for sense in found]
    codes = np.full(len(drawn.cloud.points), len(found), dtype=np.int16)
    for row, sense in drawn.names.items():
        codes[row] = found.index(sense)
    return GroupColours("word", codes, (*labels, "other words"), (*_HUES[: len(found)], OTHER))


def _show_word_alone(drawn: _Drawn) -> None:
    """The occurrences of the word among themselves: there is room for small differences."""
    names, rows = drawn.names, list(drawn.names)
    st.markdown(f"**Only \u201c{escaped(drawn.word)}\u201d**")
    if len(rows) < 3:
        st.caption("Three occurrences are needed to compare them. Try another word, or draw more words.")
        return
    xy = principal_components(drawn.cloud.vectors[rows], 2)
    figure = go.Figure()
    for sense, colour in zip(sorted(set(names.values())), _HUES, strict=False):
        of_sense = [place for place, row in enumerate(rows) if names[row] == sense]
        figure.add_scatter(
            x=xy[of_sense, 0], y=xy[of_sense, 1], mode="markers", name=sense or drawn.word,
            marker={"size": 12, "color": colour}, hoverinfo="text",
            hovertext=[_wrapped(drawn.sentences[rows[place]]) for place in of_sense],
        )  # fmt: skip
    figure.update_layout(height=420, legend={"orientation": "h", "y": -0.05})
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False)
    words = f"{len(rows)} occurrences of '{drawn.word}', drawn by PCA of these alone."
    show_figure(figure, words, key="anatomy-word-alone")
    has_examples = bool(examples().occurrences(drawn.word.casefold()))
    how = "The examples of chapter 3 name the meanings." if has_examples else "Colours are groups of similar uses."
    st.caption(f"{escaped(words)} {how}")


def _wrapped(sentence: str) -> str:
    return "<br>".join(textwrap.wrap(html.escape(sentence), 60))


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
        if task_board().view(key) is None:
            work = partial(_work, kept, key, collection, inside, size, word)
            task_board().start(key, f"Reading {size:,} words in context", work)
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
    chunks = collection.chunks()
    cloud = token_cloud(inside, chunks, size, word=word, report=lambda share: report(0.7 * share))
    layout = draw_cloud(cloud, lambda share: report(0.7 + 0.3 * share))
    texts = {chunk.chunk_id: chunk.text for chunk in chunks}
    sentences = [_around(texts[one.chunk_id], one.start, one.end) for one in cloud.points]
    while len(kept) >= _MOST_KEPT:
        kept.pop(next(iter(kept)), None)
    kept[key] = _Drawn(key, word, cloud, layout, senses(cloud, word, _known(inside, word)), sentences)


def _known(inside: ModelInside, word: str) -> dict[str, FloatArray]:
    """The vectors of the word in the examples of each sense; empty for a word without examples."""
    paths = word_paths(inside, examples().occurrences(word.casefold()))
    named = [one.sense for one in paths.occurrences]
    return {
        sense: paths.vectors[[row for row, other in enumerate(named) if other == sense], -1]
        for sense in dict.fromkeys(named)
    }
