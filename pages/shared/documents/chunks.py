"""Chunking made visible: the text with coloured chunks, and the chunk sizes."""

from __future__ import annotations

import html
from bisect import bisect_right
from collections.abc import Sequence

import streamlit as st

from pages.shared.widgets.charts import size_histogram
from pages.shared.widgets.passage.html import painted
from pages.shared.widgets.passage.markdown import parse
from rag.chunking.preview import Stretch, overlay, size_summary
from rag.types import Chunk, Document

WINDOW = 6_000
_BEFORE = 300
# Translucent, so that they work on a light and on a dark page.
_TINTS = ("rgba(86,180,233,.26)", "rgba(230,159,0,.24)")
_OVERLAP = "rgba(204,121,167,.5)"
_OPENED = "background:rgba(0,114,178,.35);border-bottom:2px solid #0072B2"


def show_sizes(chunks: Sequence[Chunk], *, key: str) -> None:
    """The number of chunks and their sizes in tokens, with a histogram."""
    sizes = size_summary(chunks)
    if sizes.count == 1:
        st.markdown(f"**1 chunk**, {sizes.maximum} tokens")
        return
    st.markdown(f"**{sizes.count:,} chunks**, {sizes.minimum}–{sizes.maximum} tokens, median {sizes.median:g}")
    if sizes.count:
        parts = [f"{one.count:,} of {one.low:g} to {one.high:g}" for one in sizes.bins]
        st.plotly_chart(
            size_histogram(sizes), key=key, config={"displayModeBar": False, "staticPlot": True},
            alt=f"Histogram: chunks by their number of tokens. {'; '.join(parts)}.",
        )  # fmt: skip


def show_chunked_text(document: Document, chunks: Sequence[Chunk], *, key: str, opened: Chunk | None = None) -> None:
    """One window of the document's text with its chunks coloured, and buttons to page; begins at the opened chunk."""
    n_characters = len(document.text)
    position_key = f"{key}-position"
    first = max(opened.start - _BEFORE, 0) if opened else 0
    start = min(st.session_state.setdefault(position_key, first), max(n_characters - 1, 0))
    end = min(start + WINDOW, n_characters)
    st.html(_coloured(document.text, overlay(chunks, start, end), opened, chunks))
    st.caption(
        "The colour changes where a new chunk begins; purple text belongs to two chunks. "
        f"Characters {start:,} to {end:,} of {n_characters:,}."
    )
    if n_characters > WINDOW:
        with st.container(horizontal=True):
            if st.button("Previous", key=f"{key}-earlier", icon=":material/arrow_upward:", disabled=start == 0):
                st.session_state[position_key] = max(start - WINDOW, 0)
                st.rerun()
            if st.button("Next", key=f"{key}-later", icon=":material/arrow_downward:", disabled=end == n_characters):
                st.session_state[position_key] = end
                st.rerun()


def _coloured(text: str, stretches: Sequence[Stretch], opened: Chunk | None, chunks: Sequence[Chunk]) -> str:
    """The text of the stretches with a background for each; it is escaped, so a document cannot add markup."""
    if not stretches:
        return painted((), lambda _start, _end: "")
    first, last = stretches[0].start, stretches[-1].end
    ends = [stretch.end for stretch in stretches]

    def paint(start: int, end: int) -> str:
        start, end = start + first, end + first
        parts = []
        for stretch in stretches[bisect_right(ends, start) :]:
            if stretch.start >= end:
                break
            shown = html.escape(text[max(start, stretch.start) : min(end, stretch.end)])
            parts.append(_tinted(shown, stretch, opened, chunks))
        return "".join(parts)

    return painted(parse(text[first:last]), paint)


def _tinted(shown: str, stretch: Stretch, opened: Chunk | None, chunks: Sequence[Chunk]) -> str:
    """A part of a stretch, as HTML, with the colour of its chunks."""
    if not stretch.chunks:
        return shown
    style = f"background:{_OVERLAP if len(stretch.chunks) > 1 else _TINTS[stretch.chunks[0] % 2]}"
    if opened and opened.start <= stretch.start < opened.end:
        style = _OPENED
    title = html.escape(" and ".join(_about(i, chunks[i]) for i in stretch.chunks[:3]))
    return f'<span style="{style}" title="{title}">{shown}</span>'


def _about(place: int, chunk: Chunk) -> str:
    context = f", context line '{chunk.context}'" if chunk.context else ""
    return f"chunk {place + 1}, {chunk.n_tokens} tokens{context}"
