"""How the map is made: its steps and the gallery, computed when they are asked for, in the background if long."""

from __future__ import annotations

import pytest
from streamlit.runtime.scriptrunner_utils.exceptions import StopException

from pages.shared.map import forming
from pages.shared.session.resources import task_board
from rag.errors import CollectionError
from rag.map.forming.gallery import gallery_parameters
from rag.map.forming.steps import load_steps
from rag.map.layout import load_layout
from rag.map.projection import ProjectionParameters
from tests.pages.support.app import button, start, texts

PARAMETERS = ProjectionParameters()


@pytest.fixture(autouse=True)
def nothing_loaded():
    """Results are kept for a map in the process, and the sample's map is that of earlier tests."""
    forming._loaded.clear()


def labels(app) -> list[str]:
    return [one.label for one in app.button]


def test_steps_are_computed_when_they_are_asked_for(sample):
    app = start()
    assert "The same chunks with other settings" in texts(app)
    layout = load_layout(sample, PARAMETERS)
    assert load_steps(sample, PARAMETERS, layout) is None
    button(app, "Watch the map form").click().run()
    assert load_steps(sample, PARAMETERS, layout) is not None
    assert "Watch the map form" not in labels(app)
    assert not app.exception


def test_what_an_interrupted_page_run_left_is_computed_by_the_next(sample, monkeypatch):
    make, runs = forming._make_steps, []

    def interrupted_once(*arguments) -> None:
        runs.append(arguments)
        if len(runs) == 1:
            raise StopException
        make(*arguments)

    monkeypatch.setattr(forming, "_make_steps", interrupted_once)
    app = start()
    button(app, "Watch the map form").click().run()
    assert "Watch the map form" not in labels(app)
    app.run()
    assert len(runs) == 2
    assert load_steps(sample, PARAMETERS, load_layout(sample, PARAMETERS)) is not None
    assert not app.exception


def test_what_fails_says_why_and_can_be_tried_again(sample, monkeypatch):
    make = forming._make_steps

    def fail(*arguments) -> None:
        raise CollectionError("The disk is full. Free some space.")

    monkeypatch.setattr(forming, "_make_steps", fail)
    app = start()
    button(app, "Watch the map form").click().run()
    assert "The disk is full" in "".join(error.value for error in app.error)
    monkeypatch.setattr(forming, "_make_steps", make)
    app.run()
    button(app, "Watch the map form").click().run()
    assert "Watch the map form" not in labels(app)
    assert not app.exception


def test_a_long_gallery_is_computed_in_the_background(sample, monkeypatch):
    monkeypatch.setattr(forming, "is_long", lambda n_chunks, parameters: n_chunks > 500)
    few = gallery_parameters(PARAMETERS)[3:6]
    monkeypatch.setattr(forming, "gallery_parameters", lambda parameters: few)
    app = start()
    button(app, "Show nine maps").click().run()
    key = f"gallery-{sample.uid}-{few[0].canonical()!r}"
    assert task_board().view(key) is not None
    task_board().wait(key)
    app.run()
    assert "how much of what looks near is near" in texts(app)
    assert "Show nine maps" not in labels(app)
    assert not app.exception


def test_what_cannot_be_watched_says_why(sample):
    app = start()
    state = app.session_state[f"map-state-{sample.uid}"]
    state.parameters = ProjectionParameters("pca")
    app.run()
    assert "Watch the map form" not in labels(app)
    assert "Choose UMAP and 2D" in "".join(info.value for info in app.info)
