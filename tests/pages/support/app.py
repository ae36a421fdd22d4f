"""Start the app for AppTest, and read what is on the page."""

from __future__ import annotations

import json
import time

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from pages.shared.session.resources import ingest_jobs
from rag import config
from rag.store.collection import Collection
from tests.pages.support.read_html import Seen


def start(page: str = "", **query: str) -> AppTest:
    """The app on `page` (a file name in pages/; the map without one), after its first run.

    The page is opened as by a link on a server that just started, so the map is not drawn first.
    """
    app = AppTest.from_file(str(config.ROOT / "app.py"), default_timeout=120)
    for key, value in query.items():
        app.query_params[key] = value
    if page:
        app.session_state["wanted-page"] = page.removesuffix(".py")
    app.run()
    assert not app.exception
    return app


def open_dialog(dialog: str, *, of_collection: bool = True) -> AppTest:
    """A dialog of the collection picker alone: the second run of an AppTest has no sidebar."""
    script = f"""
from pages.shared.frame import collection_picker
from pages.shared.session.workspace import open_workspace

workspace = open_workspace()
collection_picker.{dialog}({"workspace.collection" if of_collection else ""})
"""
    app = AppTest.from_string(script, default_timeout=120).run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    """All prose on the page, without Markdown's escapes."""
    elements = [*app.markdown, *app.caption, *app.text, *app.info, *app.error, *app.warning, *app.title]
    return shown("\n".join([*(str(element.value) for element in elements), *passages(app)]))


def passages(app: AppTest) -> list[str]:
    """The passages on the page, and other HTML, as a person reads them: the text, each block on a line."""
    return [Seen(one.proto.body).text.strip() for one in app.get("html")]


def shown(markdown: str) -> str:
    """Text that the app has made Markdown of, as a person sees it."""
    return markdown.replace("\\", "").replace(":small[]", "")


def button(app: AppTest, label: str) -> Button:
    """The first button whose label, as a person sees it, begins so."""
    return next(item for item in app.button if shown(item.label).startswith(label))


def labelled(elements, label: str):
    """The one of these elements that has this label."""
    return next(item for item in elements if item.label == label)


def wait_for_jobs(app: AppTest, collection: Collection) -> None:
    """Wait for the background jobs of the collection, and run the page again."""
    while ingest_jobs().is_busy(collection.uid):
        time.sleep(0.05)
    app.run()
    assert not app.exception


def answer_texts(app: AppTest) -> list[str]:
    """The texts of the answers on the page, as the browser is given them."""
    found = []
    for element in app.get("bidi_component"):
        if element.proto.component_name.endswith("answer_text"):
            segments = json.loads(element.proto.json)["segments"]
            found.append("".join(piece[0] for segment in segments for piece in segment["pieces"]))
    return found
