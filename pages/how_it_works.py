"""The page How embeddings work: the way of one text from tokens to an answer, in ten chapters."""

from __future__ import annotations

import streamlit as st

from pages.shared.how_it_works.chapters import CHAPTERS
from pages.shared.how_it_works.scene import scene_of
from pages.shared.session.workspace import require_workspace
from pages.shared.widgets.common import escaped, show_error
from pages.shared.widgets.map_state import chosen_chunk
from rag.anatomy.examples import examples
from rag.errors import ExplorerError
from rag.store.collection import Collection

_TEXT, _CHAPTER = "anatomy-text", "anatomy-chapter"
_LONGEST = 200_000


def choose_text(collection: Collection | None) -> str:
    """Show the text at the top: that of the chunk in the address, until another is typed or chosen. Returns it."""
    source = _take_chunk(collection)
    text: str = st.text_area(
        "Your text", st.session_state.get(_TEXT, examples().texts[0]), key=_TEXT, height=80, max_chars=_LONGEST,
        on_change=_leave_chunk, persist_state="session",
        help="Every chapter shows what becomes of this text. Type your own, or choose an example below.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Examples:", width="content")
        for number, example in enumerate(examples().texts):
            st.button(_short(example), key=f"anatomy-example-{number}", on_click=_use, args=(example,), type="tertiary")
    if source:
        st.caption(f":material/description: A chunk of {escaped(source)}")
    return text


def _take_chunk(collection: Collection | None) -> str:
    """Use what the model read of the chunk in the address, if there is one; returns the name of its document."""
    chunk_id = chosen_chunk()
    if chunk_id is None or collection is None:
        return ""
    found = collection.chunks([chunk_id])
    if not found:
        st.warning("The chunk of this address no longer exists.", icon=":material/warning:")
        return ""
    st.session_state[_TEXT] = found[0].embedded_text
    return collection.document(found[0].document_id).name


def _leave_chunk() -> None:
    st.query_params.pop("chunk", None)


def _use(example: str) -> None:
    st.session_state[_TEXT] = example
    _leave_chunk()


def _short(text: str) -> str:
    return escaped(text if len(text) <= 34 else f"{text[:32].rstrip()} …")


def choose_chapter() -> int:
    """The chapter in the address, changed by the row of names; counted from 0."""
    value = st.query_params.get("chapter", "1")
    linked = int(value) - 1 if value.isascii() and value.isdigit() else 0
    first = st.session_state.get(_CHAPTER, linked if 0 <= linked < len(CHAPTERS) else 0)
    chosen = st.segmented_control(
        "Chapter", range(len(CHAPTERS)), format_func=lambda number: f"{number + 1} {CHAPTERS[number].name}",
        default=first, key=_CHAPTER, required=True, label_visibility="collapsed", wrap=True, persist_state="session",
    )  # fmt: skip
    number = int(chosen or 0)
    st.query_params["chapter"] = str(number + 1)
    return number


def show_next(number: int, place: str) -> None:
    """The button to the next chapter; nothing at the last one."""
    if number + 1 < len(CHAPTERS):
        name = CHAPTERS[number + 1].name
        st.button(
            f"Next: {name}", icon=":material/arrow_forward:", type="primary", on_click=_go_to, args=(number + 1,),
            key=f"anatomy-next-{place}", width="stretch",
        )  # fmt: skip


def show_back(number: int) -> None:
    """The button to the chapter before; nothing at the first one."""
    if number:
        name = CHAPTERS[number - 1].name
        st.button(f"Back: {name}", icon=":material/arrow_back:", on_click=_go_to, args=(number - 1,), width="stretch")


def _go_to(number: int) -> None:
    st.session_state[_CHAPTER] = number


workspace = require_workspace()
st.title("How embeddings work")
st.caption("The way of one text: tokens, vectors, layers, one embedding, its place on the map, and an answer.")
collection = workspace.collection
text = choose_text(collection)
number = choose_chapter()
chapter = CHAPTERS[number]
heading, step = st.columns([4, 1], vertical_alignment="bottom")
heading.header(f"{number + 1}. {chapter.headline}")
with step:
    show_next(number, "top")
st.markdown(chapter.saying)
try:
    chapter.show(scene_of(collection, text))
except ExplorerError as error:
    show_error(error)
finally:
    # A chapter may stop the page before its end.
    before, after = st.columns(2)
    with before:
        show_back(number)
    with after:
        show_next(number, "end")
