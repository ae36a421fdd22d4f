"""Entry point of the app: page configuration, navigation, sidebar, and the page that was opened."""

from pathlib import Path

import streamlit as st

from pages.shared.frame.door import require_person
from pages.shared.frame.event_log import keep_event_log
from pages.shared.frame.former_addresses import pages_that_redirect
from pages.shared.frame.settings_guard import require_settings
from pages.shared.frame.sidebar import show_sidebar
from pages.shared.frame.type_size import choose_type_size
from pages.shared.session.workspace import follow_deep_link, open_workspace
from pages.shared.widgets.common import show_error
from pages.shared.widgets.map_chart import begin_maps
from pages.shared.widgets.storage_notes import show_unsaved
from rag.errors import AccessError
from rag.runtime.garbage import keep_collections_short

_FRAME = Path(__file__).with_name("pages") / "shared" / "frame"

# As a file: for an icon by name, the browser would ask a font server.
st.set_page_config(page_title="Embedding Explorer", page_icon=str(_FRAME / "favicon.png"), layout="wide")
st.html(_FRAME / "theme.css")

sections = {
    "Explore": [
        st.Page("pages/documents.py", title="Documents", icon=":material/description:"),
        # The default page has the bare address, but Streamlit keeps its name from others: so that name is not "map".
        st.Page("pages/map.py", title="Map", icon=":material/scatter_plot:", url_path="start", default=True),
        st.Page("pages/neighbors.py", title="Neighbors", icon=":material/hub:"),
        st.Page("pages/search.py", title="Search", icon=":material/manage_search:"),
        st.Page("pages/chat.py", title="Chat", icon=":material/chat:"),
    ],
    "Learn": [
        st.Page("pages/how_it_works.py", title="How embeddings work", icon=":material/school:"),
        st.Page("pages/vector_arithmetic.py", title="Vector arithmetic", icon=":material/calculate:"),
        st.Page("pages/compare_models.py", title="Compare models", icon=":material/compare:"),
    ],
    "Measure": [
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
        st.Page("pages/data_quality.py", title="Data quality", icon=":material/stethoscope:"),
        st.Page("pages/index_benchmark.py", title="Index benchmark", icon=":material/speed:"),
    ],
    "Settings": [
        st.Page("pages/models.py", title="Models", icon=":material/dns:"),
    ],
}
keep_collections_short()
keep_event_log()
# The list of pages is known before the door, so that the address stays while someone logs in; no page runs yet.
page = st.navigation({**sections, "": pages_that_redirect()}, position="hidden")
require_person()
workspace = open_workspace()
follow_deep_link([page for pages in sections.values() for page in pages])
show_sidebar(sections, page)
choose_type_size()
require_settings()
begin_maps(page.url_path)
try:
    page.run()
except AccessError as error:
    show_error(error)
finally:
    # A page may stop before its end.
    show_unsaved(workspace.collection)
