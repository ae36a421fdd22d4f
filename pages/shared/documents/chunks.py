"""Chunking made visible: its controls, the text with coloured chunks, and the chunk sizes."""

from __future__ import annotations

import html
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.shared.widgets.charts import size_histogram
from pages.shared.widgets.glossary import help_for
from pages.shared.widgets.passage.html import painted
from pages.shared.widgets.passage.markdown import parse
from rag.chunking.preview import Stretch, overlay, size_summary
from rag.types import Chunk, ChunkingSpec, Document, Strategy

WINDOW = 6_000
_BEFORE = 300
_STRATEGIES: dict[Strategy, str] = {
    "recursive": "Recursive: headings, paragraphs, sentences",
    "fixed": "Fixed size: a set number of tokens",
    "sentences": "Sentence window: a set number of sentences",
    "semantic": "Semantic: where the meaning changes",
}
# Translucent, so that they work on a light and on a dark page.
_TINTS = ("rgba(86,180,233,.26)", "rgba(230,159,0,.24)")
_OVERLAP = "rgba(204,121,167,.5)"
_OPENED = "background:rgba(0,114,178,.35);border-bottom:2px solid #0072B2"


def chunking_controls(key: str, default: ChunkingSpec, window: int) -> ChunkingSpec:
    """The chunking strategy and its sizes, as controls; the largest chunk offered fits the model's context window."""
    strategy: Strategy = st.selectbox(
        "Chunking",
        list(_STRATEGIES),
        index=list(_STRATEGIES).index(default.strategy),
        format_func=_STRATEGIES.__getitem__,
        key=f"{key}-strategy",
        help=f"{help_for('chunking')} Each chunk gets one embedding and one point on the map.",
    )
    columns = st.columns(2)
    largest = columns[0].slider(
        "Max. chunk size (tokens)",
        16,
        window,
        min(default.max_tokens, window),
        key=f"{key}-max",
        help=f"Small chunks match precisely, large ones keep more context. This model reads up to {window} at once.",
    )
    with columns[1]:
        spec = _second_control(key, strategy, largest, default)
    context = st.toggle(
        "Context line", value=default.context, key=f"{key}-context",
        help=f"{help_for('context line')} The model reads it before the text of the chunk.",
    )  # fmt: skip
    return replace(spec, context=context)


def _second_control(key: str, strategy: Strategy, largest: int, default: ChunkingSpec) -> ChunkingSpec:
    """The setting that matters most to the strategy, in addition to the size."""
    if strategy == "semantic":
        help_text = f"{help_for('split threshold')} A higher value gives shorter chunks."
        percentile = st.slider(
            "Split threshold (percentile)", 1, 60, default.percentile, key=f"{key}-p", help=help_text
        )
        return ChunkingSpec(largest, 0, strategy, percentile=percentile)
    if strategy == "sentences":
        help_text = (
            f"The next chunk repeats the last {default.shared} sentences, or fewer if a chunk has no more than that."
        )
        sentences = st.slider("Sentences per chunk", 1, 20, default.sentences, key=f"{key}-s", help=help_text)
        return ChunkingSpec(largest, 0, strategy, sentences=sentences, shared=min(default.shared, sentences - 1))
    help_text = f"{help_for('overlap')} It keeps text at a border together with its context."
    most = max(largest // 2, 1)
    overlap = st.slider("Overlap (tokens)", 0, most, min(default.overlap, most), key=f"{key}-o", help=help_text)
    return ChunkingSpec(largest, overlap, strategy, default.min_tokens if strategy == "recursive" else 0)


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
