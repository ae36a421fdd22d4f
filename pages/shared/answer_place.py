"""Where an answer lies on its collection's flat map: the one that the session looks at, or the usual one."""

from __future__ import annotations

from pages.shared.map_state import map_state
from pages.shared.resources import clusters, index
from rag.answer_map import AnswerMap, map_of_answer
from rag.chat_types import Answer
from rag.clusters import DEFAULT_COARSENESS
from rag.collection import Collection
from rag.layout import load_layout
from rag.projection_parameters import ProjectionParameters


def map_for(answer: Answer, collection: Collection) -> AnswerMap | None:
    """The answer on the flat map that the Map page shows, or on the usual one; None where neither was made."""
    state = map_state(collection)
    wanted = [one for one in (state.shown, state.parameters, ProjectionParameters()) if one and one.n_components == 2]
    layout = next((found for one in wanted if (found := load_layout(collection, one)) is not None), None)
    if layout is None or not len(layout.xy):
        return None
    names = clusters(collection, layout, DEFAULT_COARSENESS)
    return map_of_answer(answer, collection, index(collection), layout, names)
