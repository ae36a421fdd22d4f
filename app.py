"""The frame: page config, navigation, sidebar, the chosen page."""

import streamlit as st

from pages.shared.sidebar import show_sidebar
from pages.shared.workspace import follow_deep_link, open_workspace

st.set_page_config(page_title="Embedding Explorer", page_icon=":material/scatter_plot:", layout="wide")

pages = [
    st.Page("pages/documents.py", title="Documents", icon=":material/description:"),
    st.Page("pages/map.py", title="Map", icon=":material/scatter_plot:", default=True),
    st.Page("pages/neighbors.py", title="Neighbors", icon=":material/hub:"),
    st.Page("pages/chat.py", title="Chat", icon=":material/chat:"),
    st.Page("pages/compare.py", title="Two models", icon=":material/compare:"),
]
page = st.navigation(pages)
open_workspace()
follow_deep_link(pages)
show_sidebar()
page.run()
