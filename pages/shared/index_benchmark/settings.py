"""The settings of each kind of index, as sliders that say what they do."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from rag.index.spec import WITH_LISTS, IndexKind, IndexSpec, completed

NAMES: dict[IndexKind, str] = {
    "flat": "Flat (exact)", "ivf_flat": "IVF-Flat", "hnsw": "HNSW", "sq8": "Scalar-quantised (8 bits)",
    "ivf_pq": "IVF-PQ", "rabitq": "RaBitQ",
}  # fmt: skip
_PER_LIST = 39


def settings_of(spec: IndexSpec, n: int, dimension: int) -> IndexSpec:
    """The sliders of one kind; returns what they are set to, complete for n vectors."""
    key = f"lab-{spec.kind}"
    if spec.kind in WITH_LISTS:
        spec = _lists(spec, n, key)
    if spec.kind == "hnsw":
        spec = _graph(spec, key)
    if spec.kind == "ivf_pq":
        pieces = [m for m in range(1, dimension // 2 + 1) if dimension % m == 0]
        pq_m = st.select_slider(
            "IVF-PQ: bytes of a code",
            pieces,
            spec.pq_m,
            key=f"{key}-pq-{dimension}",
            help="More bytes, better estimates.",
        )
        spec = replace(spec, pq_m=pq_m)
    if spec.kind == "rabitq":
        bits = st.slider("RaBitQ: bits a number", 1, 8, spec.n_bits, key=f"{key}-bits", help="More bits, finer scores.")
        spec = replace(spec, n_bits=bits)
    return completed(spec, n, dimension)


def _lists(spec: IndexSpec, n: int, key: str) -> IndexSpec:
    name = NAMES[spec.kind]
    most = max(2, min(4 * spec.nlist, n // _PER_LIST))
    nlist = st.slider(
        f"{name}: lists (nlist)", 1, most, min(spec.nlist, most), key=f"{key}-nlist-{n}",
        help="More lists are shorter: quicker, and more is missed at their borders.",
    )  # fmt: skip
    if nlist == 1:
        return replace(spec, nlist=1, nprobe=1)
    nprobe = st.slider(
        f"{name}: lists opened (nprobe)", 1, nlist, min(spec.nprobe, nlist), key=f"{key}-nprobe-{n}",
        help="For the question below and the collection's index; the picture shows every step of it.",
    )  # fmt: skip
    return replace(spec, nlist=nlist, nprobe=nprobe)


def _graph(spec: IndexSpec, key: str) -> IndexSpec:
    links = st.slider("HNSW: links (M)", 4, 64, spec.m, key=f"{key}-m", help="More links find more, and take memory.")
    effort = st.slider(
        "HNSW: care while building (efConstruction)", 20, 400, spec.ef_construction, 20, key=f"{key}-ef",
        help="More makes better links, and building slower.",
    )  # fmt: skip
    search = st.slider(
        "HNSW: candidates in view (efSearch)", 8, 512, spec.ef_search, 8, key=f"{key}-search",
        help="For the question below and the collection's index; the picture shows every step of it.",
    )  # fmt: skip
    return replace(spec, m=links, ef_construction=effort, ef_search=search)
