"""The Compare models page: one collection embedded with two models, and a map that moves from one to the other."""

from __future__ import annotations

import streamlit as st

from pages.shared.compare_models.opening import show_opening
from pages.shared.compare_models.view import choose_model, comparison_of, show_morph, show_most_changed
from pages.shared.session.model_servers import embedding_models
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.adding.opened import require_chunks
from pages.shared.widgets.common import show_error
from pages.shared.widgets.sample_note import show_sample_note
from rag import config
from rag.errors import ExplorerError
from rag.map.model_comparison import in_words

require_workspace()
st.title("Compare models")
collection = require_chunks()
st.caption(
    "The same chunks, embedded with a second model. Points that stay together are similar for both models; points that "
    "move are seen differently."
)
show_sample_note(collection, "Both maps")
try:
    model = choose_model(collection, embedding_models(config.ollama_host()))
    comparison = comparison_of(collection, model) if model else None
except ExplorerError as error:
    show_error(error)
    st.stop()
if model is None:
    st.caption("Press Compare to see both maps. This collection and its map do not change.")
    show_opening(collection)
if comparison is None:
    st.stop()
st.markdown(f"**{in_words(comparison.figures)}**")
if comparison.n_cut:
    st.warning(
        f"The second model read only the beginning of {comparison.n_cut:,} chunks: they are longer than its context "
        "window."
    )
map_container = st.container()
row = show_most_changed(collection, comparison)
with map_container:
    show_morph(collection, comparison, row)
