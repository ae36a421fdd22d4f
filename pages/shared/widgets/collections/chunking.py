"""The controls of chunking: the strategy and its sizes."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.shared.widgets.glossary import help_for
from rag.types import ChunkingSpec, Strategy

_STRATEGIES: dict[Strategy, str] = {
    "recursive": "Recursive: headings, paragraphs, sentences",
    "fixed": "Fixed size: a set number of tokens",
    "sentences": "Sentence window: a set number of sentences",
    "semantic": "Semantic: where the meaning changes",
}


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
