"""Index settings: how an index is built and searched, the vectors it needs, and its memory by formula."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

from rag import config

IndexKind = Literal["flat", "ivf_flat", "hnsw", "sq8", "ivf_pq", "rabitq"]
KINDS: tuple[IndexKind, ...] = get_args(IndexKind)
WITH_LISTS = frozenset[IndexKind]({"ivf_flat", "ivf_pq", "rabitq"})
"""Index types that search only some of `nlist` lists."""

_PER_LIST = 39
"""The number of training vectors per center that faiss recommends for k-means."""
_LEAST_CHOSEN_BITS, _MOST_BITS = 4, 8
_ID_BYTES, _FLOAT_BYTES = 8, 4


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """Index settings; a 0 marked "auto" is replaced by `completed`, from the size of the collection.

    nlist: lists of the inverted file (ivf_flat, ivf_pq, rabitq); 0: auto. nprobe: the number of lists searched.
    m, ef_construction, ef_search: HNSW's links per vector (twice as many on the lowest level), and the
    number of candidates kept while building and while searching. pq_m: bytes of a product-quantized code at 8 bits,
    i.e. the number of parts of a vector, a divisor of the dimension; 0: auto. n_bits: bits per part
    (ivf_pq) or per dimension (rabitq), 1 to 8; 0: auto.
    depth: the number of candidates rescored with their true cosine; 0: the index's own scores are used.
    """

    kind: IndexKind
    nlist: int = 0
    nprobe: int = 8
    m: int = 32
    ef_construction: int = 120
    ef_search: int = 64
    pq_m: int = 0
    n_bits: int = 0
    depth: int = 0
    seed: int = config.SEED


def default_spec(kind: IndexKind, n: int, dimension: int) -> IndexSpec:
    """Default settings for n vectors of this dimension, completed."""
    return completed(IndexSpec(kind), n, dimension)


def completed(spec: IndexSpec, n: int, dimension: int) -> IndexSpec:
    """`spec` with every automatic setting filled in: about sqrt(n) lists, one code word per 4 or more vectors.

    Raises:
        ValueError: a setting is out of its range, or pq_m does not divide the dimension.
    """
    nlist = spec.nlist or max(1, min(round(math.sqrt(n)), n // _PER_LIST))
    fitting = max(_LEAST_CHOSEN_BITS, min(_MOST_BITS, int(math.log2(max(n, 4) / 4))))
    spec = replace(
        spec,
        nlist=nlist,
        nprobe=min(spec.nprobe, nlist),
        pq_m=spec.pq_m or max(m for m in range(1, max(2, dimension // 8 + 1)) if dimension % m == 0),
        n_bits=spec.n_bits or (fitting if spec.kind == "ivf_pq" else 1),
    )
    _require_range(spec, dimension)
    return spec


def _require_range(spec: IndexSpec, dimension: int) -> None:
    if min(spec.nlist, spec.nprobe, spec.ef_construction, spec.ef_search, spec.pq_m) < 1 or spec.depth < 0:
        raise ValueError(f"Settings of an index must be 1 or more, depth 0 or more: {spec}.")
    if not 2 <= spec.m <= 512:
        raise ValueError(f"m must be from 2 to 512, and is {spec.m}.")
    if spec.kind == "ivf_pq" and dimension % spec.pq_m:
        raise ValueError(f"pq_m must divide the dimension {dimension}, and is {spec.pq_m}.")
    if not 1 <= spec.n_bits <= _MOST_BITS:
        raise ValueError(f"n_bits must be from 1 to {_MOST_BITS}, and is {spec.n_bits}.")


def least_chunks(spec: IndexSpec) -> int:
    """The smallest number of vectors for a completed spec: one per center."""
    if spec.kind == "flat":
        return 0
    lists = spec.nlist if spec.kind in WITH_LISTS else 1
    return max(lists, 2**spec.n_bits) if spec.kind == "ivf_pq" else lists


def expected_bytes(spec: IndexSpec, n: int, dimension: int) -> int:
    """Size of an index in bytes by formula, from a completed spec, before it is built.

    A float takes 4 bytes, an id in a list 8. HNSW: 2m links on the lowest level and m on each higher one, of which a
    vector has 1/(m - 1) on average (Malkov and Yashunin, 2018, with faiss's level factor 1/ln m), 4 bytes each, and
    12 bytes for its level and the offset of its links. RaBitQ: n_bits per dimension, and 2 or 5 numbers.
    """
    vector = _FLOAT_BYTES * dimension
    lists = vector * spec.nlist
    links = _FLOAT_BYTES * (2 * spec.m + spec.m / (spec.m - 1)) + 12
    plane, numbers = math.ceil(dimension / 8), 2 if spec.n_bits == 1 else 5
    code = plane + math.ceil(dimension * (spec.n_bits - 1) / 8) + _FLOAT_BYTES * numbers
    each_and_once: dict[IndexKind, tuple[float, int]] = {
        "flat": (vector, 0),
        "ivf_flat": (vector + _ID_BYTES, lists),
        "hnsw": (vector + links, 0),
        "sq8": (dimension, 2 * vector),
        "ivf_pq": (math.ceil(spec.pq_m * spec.n_bits / 8) + _ID_BYTES, lists + vector * 2**spec.n_bits),
        "rabitq": (code + _ID_BYTES, lists + vector * dimension),
    }
    each, once = each_and_once[spec.kind]
    return round(each * n + once)
