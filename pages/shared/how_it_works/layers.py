"""Chapter 3, through the layers: one word in several sentences starts as one point and moves apart."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.attention import show_attention
from pages.shared.how_it_works.scene import Scene, require_text, show_figure
from pages.shared.widgets.common import escaped
from rag.anatomy.layers import Occurrence, WordPaths, find_occurrences, word_paths
from rag.embedding.inside import ModelInside
from rag.map.colours import PALETTE
from rag.store.collection import Collection

_ANOTHER = "a word of your own"
_MOST = 24
_SYMBOLS = ("circle", "diamond", "square", "cross", "triangle-up", "star")


def show(scene: Scene) -> None:
    """The paths of a word's occurrences, their similarity at each layer, and the attention inside the text."""
    scene.require_inside()
    require_text(scene)
    _show_paths(scene)
    st.divider()
    show_attention(scene)


def _show_paths(scene: Scene) -> None:
    chosen = st.segmented_control(
        "One word, several sentences", [*scene.examples.senses, _ANOTHER], default="bank", required=True,
        key="anatomy-word", help="Each sentence is a point. A word of your own is looked for in your chunks.",
    )  # fmt: skip
    occurrences = _in_chunks(scene) if chosen == _ANOTHER else scene.examples.occurrences(str(chosen))
    if len(occurrences) < 2:
        return
    spec = scene.model.spec
    paths = paths_of((spec.model_id, spec.revision), tuple(occurrences), scene.require_inside())
    word = occurrences[0].text[occurrences[0].start : occurrences[0].end]
    drawn, curve = st.columns([3, 2])
    with drawn:
        last = paths.xy.shape[1] - 1
        stage = st.slider(
            "After layer",
            0,
            last,
            last,
            key=f"anatomy-stage-{last}",
            help="0 is the token table. Each step is a layer.",
        )
        show_figure(paths_figure(paths, stage), _in_words(paths, word), key="anatomy-paths")
    with curve:
        _show_curve(paths)
    st.caption(
        f"{escaped(_in_words(paths, word))} Drawn is how far each occurrence is from the mean of all of them, in one "
        f"projection for all layers (PCA, {paths.kept_variance:.0%} of the differences). Move the slider, or press "
        "Play."
    )


def _in_chunks(scene: Scene) -> list[Occurrence]:
    word = st.text_input(
        "Your word",
        "leave",
        key="anatomy-own-word",
        help="Looked for as a whole word in the chunks of this collection.",
    )
    if scene.collection is None:
        st.info("Open a collection to look for a word in its chunks.", icon=":material/info:")
        return []
    key = (scene.collection.location, scene.collection.uid, scene.collection.generation())
    found = _found(key, word, scene.collection)
    if len(found) < 2:
        st.info(f"'{escaped(word)}' is in {len(found)} chunks; two are needed to compare. Try another word.")
    elif len(found) == _MOST:
        st.caption(f"The first {_MOST} chunks that hold the word.")
    return found


@st.cache_data(max_entries=32, show_spinner="Looking for the word")
def _found(key: tuple[str, str, int], word: str, _collection: Collection) -> list[Occurrence]:
    return find_occurrences((chunk.text for chunk in _collection.chunks()), word, _MOST)


@st.cache_resource(max_entries=12, show_spinner="The model reads the sentences")
def paths_of(key: tuple[str, str], occurrences: tuple[Occurrence, ...], _inside: ModelInside) -> WordPaths:
    """The paths of a word's occurrences, kept; `key` names the model."""
    return word_paths(_inside, occurrences)


def _in_words(paths: WordPaths, word: str) -> str:
    same, other = paths.mean_similarity(same_sense=True), paths.mean_similarity(same_sense=False)
    n = len(paths.occurrences)
    if same is None:
        return f"{n} occurrences of '{word}'."
    if other is None:
        return (
            f"{n} occurrences of '{word}' start as one vector; after the last layer their similarity is {same[-1]:.2f}."
        )
    return (
        f"{n} occurrences of '{word}' start as one vector. After the last layer, the similarity is {same[-1]:.2f} "
        f"within a meaning and {other[-1]:.2f} between meanings."
    )


def paths_figure(paths: WordPaths, stage: int) -> go.Figure:
    """The occurrences at a stage with their way so far; a Play button shows all stages one after the other."""
    n_stages = paths.xy.shape[1]
    senses = list(dict.fromkeys(one.sense for one in paths.occurrences))
    frames = [go.Frame(name=str(one), data=_traces(paths, senses, one)) for one in range(n_stages)]
    figure = go.Figure(data=_traces(paths, senses, stage), frames=frames)
    reach = 1.1 * float(abs(paths.xy).max()) or 1.0
    axis = {"range": [-reach, reach], "showticklabels": False, "zeroline": True, "title": None}
    figure.update_layout(
        height=460, xaxis=axis, yaxis=axis, legend={"orientation": "h", "y": 1.08, "x": 0}, showlegend=len(senses) > 1,
        updatemenus=[_play()],
    )  # fmt: skip
    return figure


def _traces(paths: WordPaths, senses: list[str], stage: int) -> list[go.Scatter]:
    traces = []
    for number, sense in enumerate(senses):
        rows = [row for row, one in enumerate(paths.occurrences) if one.sense == sense]
        colour = PALETTE[number % len(PALETTE)]
        xs: list[float | None] = []
        ys: list[float | None] = []
        for row in rows:
            xs += [*paths.xy[row, : stage + 1, 0].tolist(), None]
            ys += [*paths.xy[row, : stage + 1, 1].tolist(), None]
        traces.append(
            go.Scatter(
                x=xs,
                y=ys,
                mode="lines",
                line={"color": colour, "width": 1.2},
                opacity=0.45,
                hoverinfo="skip",
                showlegend=False,
            )
        )
        traces.append(
            go.Scatter(
                x=paths.xy[rows, stage, 0],
                y=paths.xy[rows, stage, 1],
                mode="markers",
                name=sense or "occurrences",
                marker={"size": 12, "color": colour, "symbol": _SYMBOLS[number % len(_SYMBOLS)]},
                hovertext=[_short(paths.occurrences[row]) for row in rows],
                hoverinfo="text",
            )
        )
    return traces


def _short(one: Occurrence) -> str:
    first = max(one.start - 60, 0)
    return ("… " if first else "") + " ".join(one.text[first : one.end + 60].split())


def _play() -> dict[str, object]:
    animation = {"frame": {"duration": 700, "redraw": False}, "transition": {"duration": 400}, "fromcurrent": False}
    return {
        "type": "buttons", "showactive": False, "x": 0, "y": -0.08, "xanchor": "left", "yanchor": "top",
        "buttons": [{"label": "Play", "method": "animate", "args": [None, animation]}],
    }  # fmt: skip


def _show_curve(paths: WordPaths) -> None:
    figure = go.Figure()
    stages = list(range(paths.xy.shape[1]))
    parts = []
    for name, is_same, colour in (("same meaning", True, PALETTE[0]), ("different meanings", False, PALETTE[1])):
        means = paths.mean_similarity(same_sense=is_same)
        if means is not None:
            figure.add_scatter(x=stages, y=means, mode="lines+markers", name=name, line={"color": colour, "width": 3})
            parts.append(f"{name}: {means[0]:.2f} in the table, {means[-1]:.2f} after the last layer")
    figure.update_layout(height=460, legend={"orientation": "h", "y": 1.08, "x": 0})
    figure.update_xaxes(title="layer (0: token table)", dtick=1 if len(stages) < 14 else None)
    figure.update_yaxes(title="mean cosine similarity of the word's vectors")
    show_figure(figure, "Similarity of the word's vectors, " + "; ".join(parts), key="anatomy-curve")
