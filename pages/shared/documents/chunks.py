"""How text is split, made visible: the controls, the coloured text, the sizes."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from pages.shared.widgets.charts import size_histogram
from rag.chunking.preview import Stretch, overlay, size_summary
from rag.types import Chunk, ChunkingSpec, Document, Strategy

WINDOW = 6_000
_BEFORE = 300
_STRATEGIES: dict[Strategy, str] = {
    "recursive": "By structure: headings, paragraphs, sentences",
    "fixed": "By size: every so many tokens",
    "sentences": "By sentences: a window that moves on",
    "semantic": "By meaning: where neighboring sentences part",
}
# Translucent, so that they serve on a light and on a dark page alike.
_TINTS = ("rgba(86,180,233,.26)", "rgba(230,159,0,.24)")
_SHARED = "rgba(204,121,167,.5)"
_OPENED = "outline:2px solid #0072B2;background:rgba(0,114,178,.35)"


def chunking_controls(key: str, default: ChunkingSpec, window: int) -> ChunkingSpec:
    """Strategy and sizes; returns what they are set to. Never asks for more tokens than the model reads."""
    strategy: Strategy = st.selectbox(
        "Split",
        list(_STRATEGIES),
        index=list(_STRATEGIES).index(default.strategy),
        format_func=_STRATEGIES.__getitem__,
        key=f"{key}-strategy",
        help="Decides where one chunk ends and the next begins. Every chunk becomes one embedding and one point.",
    )
    columns = st.columns(2)
    largest = columns[0].slider(
        "Largest chunk (tokens)",
        16,
        window,
        min(default.max_tokens, window),
        key=f"{key}-max",
        help=f"Small chunks are precise, large ones keep the context. This model reads up to {window} at once.",
    )
    with columns[1]:
        return _second_control(key, strategy, largest, default)


def _second_control(key: str, strategy: Strategy, largest: int, default: ChunkingSpec) -> ChunkingSpec:
    """The one setting beside the size that matters most to the strategy."""
    if strategy == "semantic":
        help_text = (
            "Breaks at this share of the places where one sentence least resembles the one before. More: shorter."
        )
        percentile = st.slider("Breaks (per cent of places)", 1, 60, default.percentile, key=f"{key}-p", help=help_text)
        return ChunkingSpec(largest, 0, strategy, percentile=percentile)
    if strategy == "sentences":
        help_text = "Sentences in a chunk. Two of them, or all but one, come again in the next chunk."
        sentences = st.slider("Sentences a chunk", 1, 20, default.sentences, key=f"{key}-s", help=help_text)
        return ChunkingSpec(largest, 0, strategy, sentences=sentences, shared=min(default.shared, sentences - 1))
    help_text = "Tokens that a chunk repeats from the one before, so that what stands at a border is not torn apart."
    most = max(largest // 2, 1)
    overlap = st.slider("Overlap (tokens)", 0, most, min(default.overlap, most), key=f"{key}-o", help=help_text)
    return ChunkingSpec(largest, overlap, strategy, default.min_tokens if strategy == "recursive" else 0)


def show_sizes(chunks: Sequence[Chunk], *, key: str) -> None:
    """How many chunks there are, and how large."""
    sizes = size_summary(chunks)
    st.markdown(
        f"**{sizes.count:,} chunks** of {sizes.minimum} to {sizes.maximum} tokens, half of them up to {sizes.median:g}"
    )
    if sizes.count > 1:
        st.plotly_chart(size_histogram(sizes), key=key, config={"displayModeBar": False, "staticPlot": True})


def show_chunked_text(document: Document, chunks: Sequence[Chunk], *, key: str, opened: Chunk | None = None) -> None:
    """One window of the document's text with its chunks coloured, and buttons to go on; begins at the opened chunk."""
    n_characters = len(document.text)
    position_key = f"{key}-position"
    first = max(opened.start - _BEFORE, 0) if opened else 0
    start = min(st.session_state.setdefault(position_key, first), max(n_characters - 1, 0))
    end = min(start + WINDOW, n_characters)
    st.html(_coloured(document.text, overlay(chunks, start, end), opened, chunks))
    st.caption(
        "Each colour change is a border between chunks; purple is text that two chunks share. "
        f"Characters {start:,} to {end:,} of {n_characters:,}."
    )
    if n_characters > WINDOW:
        with st.container(horizontal=True):
            if st.button("Earlier", key=f"{key}-earlier", icon=":material/arrow_upward:", disabled=start == 0):
                st.session_state[position_key] = max(start - WINDOW, 0)
                st.rerun()
            if st.button("Later", key=f"{key}-later", icon=":material/arrow_downward:", disabled=end == n_characters):
                st.session_state[position_key] = end
                st.rerun()


def _coloured(text: str, stretches: Sequence[Stretch], opened: Chunk | None, chunks: Sequence[Chunk]) -> str:
    """Escaped text in spans with a background; nothing in a document can become markup."""
    parts = []
    for stretch in stretches:
        shown = html.escape(text[stretch.start : stretch.end])
        if not stretch.chunks:
            parts.append(shown)
            continue
        number = stretch.chunks[0]
        style = f"background:{_SHARED if len(stretch.chunks) > 1 else _TINTS[number % 2]}"
        if opened and opened.start <= stretch.start < opened.end:
            style = _OPENED
        title = " and ".join(f"chunk {i + 1}, {chunks[i].n_tokens} tokens" for i in stretch.chunks[:3])
        parts.append(f'<span style="{style}" title="{title}">{shown}</span>')
    body = "".join(parts)
    return f'<div style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6">{body}</div>'
