"""Place an answer on its collection's 2D map: the one the session shows, or the default one."""

from __future__ import annotations

from pages.shared.session.resources import clusters, index
from pages.shared.widgets.map_state import map_state
from rag.answering.types import Answer
from rag.map.layout import load_layout
from rag.map.projection_settings import ProjectionParameters
from rag.report.answer_map import AnswerMap, map_of_answer
from rag.store.collection import Collection


def map_for(answer: Answer, collection: Collection) -> AnswerMap | None:
    """The answer on the 2D map that the Map page shows, or else on the default one; None where neither is computed."""
    state = map_state(collection)
    candidates = (state.shown, state.parameters, ProjectionParameters())
    in_2d = [one for one in candidates if one and one.n_components == 2]
    layout = next((found for one in in_2d if (found := load_layout(collection, one)) is not None), None)
    if layout is None or not len(layout.xy):
        return None
    names = clusters(collection, layout)
    return map_of_answer(answer, collection, index(collection), layout, names)
