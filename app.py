"""The frame: page config, navigation, sidebar, the chosen page."""

import streamlit as st

from pages.shared.sidebar import show_sidebar
from pages.shared.workspace import open_workspace

st.set_page_config(page_title="Embedding Explorer", page_icon=":material/scatter_plot:", layout="wide")

page = st.navigation(
    [
        st.Page("pages/documents.py", title="Documents", icon=":material/description:"),
        st.Page("pages/map.py", title="Map", icon=":material/scatter_plot:", default=True),
        st.Page("pages/neighbors.py", title="Neighbors", icon=":material/hub:"),
        st.Page("pages/chat.py", title="Chat", icon=":material/chat:"),
    ]
)
open_workspace()
show_sidebar()
page.run()
