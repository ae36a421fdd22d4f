"""The settings of each index type, as sliders."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.shared.widgets.glossary import help_for
from rag.index.spec import WITH_LISTS, IndexKind, IndexSpec, completed

NAMES: dict[IndexKind, str] = {
    "flat": "Flat (exact)", "ivf_flat": "IVF-Flat", "hnsw": "HNSW", "sq8": "SQ8 (8 bits)",
    "ivf_pq": "IVF-PQ", "rabitq": "RaBitQ",
}  # fmt: skip
_PER_LIST = 39
"""The fewest vectors for each list that FAISS trains well with; it warns below."""
_USED_FOR = "Used for the question below and the index of the collection; the chart shows all values."


def settings_of(spec: IndexSpec, n: int, dimension: int) -> IndexSpec:
    """The sliders of one index type; returns the complete settings for n vectors."""
    key = f"lab-{spec.kind}"
    if spec.kind in WITH_LISTS:
        spec = _lists(spec, n, key)
    if spec.kind == "hnsw":
        spec = _graph(spec, key)
    if spec.kind == "ivf_pq":
        pieces = [m for m in range(1, dimension // 2 + 1) if dimension % m == 0]
        pq_m = st.select_slider(
            "IVF-PQ: bytes per code",
            pieces,
            spec.pq_m,
            key=f"{key}-pq-{dimension}",
            help="More bytes make scores more exact and need more memory.",
        )
        spec = replace(spec, pq_m=pq_m)
    if spec.kind == "rabitq":
        bits = st.slider(
            "RaBitQ: bits per dimension", 1, 8, spec.n_bits, key=f"{key}-bits",
            help="More bits make scores more exact and need more memory.",
        )  # fmt: skip
        spec = replace(spec, n_bits=bits)
    return completed(spec, n, dimension)


def _lists(spec: IndexSpec, n: int, key: str) -> IndexSpec:
    name = NAMES[spec.kind]
    most = max(2, min(4 * spec.nlist, n // _PER_LIST))
    nlist = st.slider(
        f"{name}: lists (nlist)", 1, most, min(spec.nlist, most), key=f"{key}-nlist-{n}",
        help=help_for("nlist"),
    )  # fmt: skip
    if nlist == 1:
        return replace(spec, nlist=1, nprobe=1)
    nprobe = st.slider(
        f"{name}: opened lists (nprobe)", 1, nlist, min(spec.nprobe, nlist), key=f"{key}-nprobe-{n}",
        help=f"{help_for('nprobe')} {_USED_FOR}",
    )  # fmt: skip
    return replace(spec, nlist=nlist, nprobe=nprobe)


def _graph(spec: IndexSpec, key: str) -> IndexSpec:
    links = st.slider("HNSW: links (M)", 4, 64, spec.m, key=f"{key}-m", help=help_for("M"))
    effort = st.slider(
        "HNSW: build effort (efConstruction)", 20, 400, spec.ef_construction, 20, key=f"{key}-ef",
        help=help_for("efConstruction"),
    )  # fmt: skip
    search = st.slider(
        "HNSW: search effort (efSearch)", 8, 512, spec.ef_search, 8, key=f"{key}-search",
        help=f"{help_for('efSearch')} {_USED_FOR}",
    )  # fmt: skip
    return replace(spec, m=links, ef_construction=effort, ef_search=search)
