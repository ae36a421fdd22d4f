"""What every chapter works with: the text at the top, the embedding model, and the inside of that model."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from pages.shared.session.resources import embedder
from rag import config
from rag.anatomy.examples import Examples, examples
from rag.embedding.inside import ModelInside, Reading, WithInside
from rag.errors import ModelError
from rag.store.collection import Collection
from rag.types import Embedder

_PLAIN = {"displayModeBar": False}


@dataclass(frozen=True, slots=True)
class Scene:
    """The text and the model that a chapter shows.

    `collection` is the open one, or None. `inside` is None for a model that does not show its inside, and `why_not`
    says why.
    """

    collection: Collection | None
    text: str
    model: Embedder
    inside: ModelInside | None
    why_not: str

    @property
    def name(self) -> str:
        """The model's name without its owner."""
        return self.model.spec.model_id.rpartition("/")[2]

    @property
    def examples(self) -> Examples:
        """The examples of all chapters."""
        return examples()

    def reading(self, text: str) -> Reading:
        """What the model computes for a text; kept, so that a control does not make it read again."""
        inside = self.require_inside()
        spec = self.model.spec
        return _reading((spec.model_id, spec.revision), text, inside)

    def require_inside(self) -> ModelInside:
        """The inside of the model; where there is none, say why and end the page."""
        if self.inside is None:
            st.info(self.why_not, icon=":material/info:")
            st.stop()
        return self.inside


def scene_of(collection: Collection | None, text: str) -> Scene:
    """The scene of a text with the collection's model, or the default one. Raises ModelError if it cannot be loaded."""
    model_id = collection.spec.embedding.model_id if collection else config.DEFAULT_EMBEDDING_MODEL
    model = embedder(model_id).model
    if not isinstance(model, WithInside):
        why = (
            f"The embedding model '{model_id}' runs on the Ollama server, which gives only the finished embedding: no "
            "token vectors, layers or attention. Open a collection with a sentence-transformers model, such as the "
            "sample, to see this chapter."
        )
        return Scene(collection, text, model, None, why)
    try:
        return Scene(collection, text, model, model.inside, "")
    except ModelError as error:
        return Scene(collection, text, model, None, str(error))


@st.cache_resource(max_entries=24, show_spinner="The model reads the text")
def _reading(key: tuple[str, str], text: str, _inside: ModelInside) -> Reading:
    return _inside.read(text)


def show_figure(figure: go.Figure, words: str, *, key: str) -> None:
    """A figure with its alternative text: what it shows, in words."""
    figure.update_layout(margin={"l": 0, "r": 0, "t": 8, "b": 0})
    st.plotly_chart(figure, key=key, alt=words, config=_PLAIN)


def require_text(scene: Scene) -> str:
    """The text at the top; without one, say what to do and end the page."""
    if not scene.text.strip():
        st.info("Type a text at the top of the page, or choose an example there.", icon=":material/edit:")
        st.stop()
    return scene.text


def show_needs_documents() -> None:
    """Say that a chapter needs documents, with the way to add some."""
    st.info("This chapter needs a collection with documents.", icon=":material/info:")
    st.page_link("pages/documents.py", label="Add documents", icon=":material/upload:")
