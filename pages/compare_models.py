"""The same collection under two embedding models: two maps, one moving into the other."""

from __future__ import annotations

import streamlit as st

from pages.shared.compare_models.view import choose_model, comparison_of, show_morph, show_most_changed
from pages.shared.session.model_servers import embedding_models
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import require_chunks, show_error
from rag import config
from rag.errors import ExplorerError
from rag.map.model_comparison import in_words

require_workspace()
st.title("Two models")
collection = require_chunks()
st.caption(
    "The same chunks under another embedding model. What stays together under both is in the text; what moves is the "
    "model's own view of it."
)
try:
    model = choose_model(collection, embedding_models(config.ollama_host()))
    comparison = comparison_of(collection, model) if model else None
except ExplorerError as error:
    show_error(error)
    st.stop()
if comparison is None:
    st.info("Choose a second model and press Compare. This collection and its map stay as they are.")
    st.stop()
st.markdown(f"**{in_words(comparison.figures)}**")
if comparison.n_cut:
    st.warning(
        f"Of {comparison.n_cut:,} chunks the second model read only the beginning: they are longer than its window."
    )
picture = st.container()
row = show_most_changed(collection, comparison)
with picture:
    show_morph(collection, comparison, row)
