"""Dialogs stay open in further runs of the page, until they are closed or what they are about is left."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.support.app import button

SCRIPT = """
import streamlit as st

from pages.shared.widgets.dialogs import begin_dialogs, close_dialog, is_open

begin_dialogs(st.session_state["page"])
for name in ("Rename", "Delete"):
    if is_open(name, st.session_state["collection"], asked=st.button(name)):
        st.write(f"{name} is open")
st.button("Close", on_click=close_dialog)
"""


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_string(SCRIPT)
    app.session_state["page"] = "map"
    app.session_state["collection"] = "Sample"
    return app.run()


def shown(app: AppTest) -> list[str]:
    assert not app.exception
    return [element.value for element in app.markdown]


def test_a_dialog_stays_open_until_it_is_closed(app: AppTest):
    assert shown(app) == []
    assert shown(button(app, "Rename").click().run()) == ["Rename is open"]
    assert shown(app.run()) == shown(app.run()) == ["Rename is open"]
    assert shown(button(app, "Close").click().run()) == []
    assert shown(app.run()) == []


def test_only_the_last_dialog_is_open(app: AppTest):
    button(app, "Delete").click().run()
    button(app, "Rename").click().run()
    assert shown(app.run()) == ["Rename is open"]


@pytest.mark.parametrize(("key", "other"), [("page", "chat"), ("collection", "Mine")])
def test_a_dialog_is_not_taken_to_another_page_or_collection(app: AppTest, key: str, other: str):
    before = app.session_state[key]
    button(app, "Rename").click().run()
    app.session_state[key] = other
    assert shown(app.run()) == []
    app.session_state[key] = before
    assert shown(app.run()) == ([] if key == "page" else ["Rename is open"])
