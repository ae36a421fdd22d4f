"""The Models page: which models are available, where they run, and how to download and delete them."""

from __future__ import annotations

import streamlit as st

from pages.shared.models.builtin import show_builtin
from pages.shared.models.downloads import show_get_model
from pages.shared.models.servers import show_first_step, show_ollama, show_other_server
from pages.shared.models.table import show_installed
from pages.shared.session.person import why_not_editor
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import show_error
from pages.shared.widgets.server_watch import ServerWatch
from rag import config
from rag.errors import ExplorerError

require_workspace()
st.title("Models")
st.caption(
    "An embedding model turns text into vectors; an answering model writes answers from the passages that were found. "
    "Both are pretrained."
)
if why := why_not_editor():
    st.caption(f":material/lock: {why}")
watch = ServerWatch()
try:
    host = config.ollama_host()
    st.header("Ollama", divider="gray")
    found = show_ollama(host)
    if found.models is not None:
        show_installed(host, found.models)
    elif not found.is_checking and not why:
        show_first_step()
    if not why:
        st.header("Download a model", divider="gray")
        show_get_model(host, found.models)
    st.header("OpenAI-compatible server", divider="gray")
    show_other_server()
    st.header("Built-in models", divider="gray")
    show_builtin(host)
    watch.rerun_when_answered()
except ExplorerError as error:
    show_error(error)
