"""How the map is made: its steps and the gallery, computed when they are asked for, in the background if long."""

from __future__ import annotations

from pages.shared.map import forming
from pages.shared.session.resources import task_board
from rag.map.forming.gallery import gallery_parameters
from rag.map.forming.steps import load_steps
from rag.map.layout import load_layout
from rag.map.projection import ProjectionParameters
from tests.pages.support.app import button, start, texts

PARAMETERS = ProjectionParameters()


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
