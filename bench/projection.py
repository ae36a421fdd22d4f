"""Time and trustworthiness of a map, and time to place a query, against plain umap-learn; and accuracy of placing.

python -m bench.projection                    some minutes; the first time, some more for embedding 20,000 texts
python -m bench.projection --points 100000    the time of this app's map alone, for so many made-up vectors

The two sides run in turn, each in a new process. Both find the code that numba compiled for umap on disk; ours also
finds that of the layout functions, as after `make run`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.reference import RETRIEVAL, read_documents
from rag import config

if TYPE_CHECKING:
    from rag.types import FloatArray

Figures = dict[str, float]
_SIZES = (5_000, 20_000)
_WORDS = 60
_SAMPLE = 5_000
_NEIGHBORS = 15
_PREPARE = "from rag.map.projection import warm_up; warm_up()"
_ASKED_RATIO = {5_000: 5.0, 20_000: 2.0}


def texts() -> list[str]:
    """Passages of 60 words from the English test collections, in random order; none without these collections."""
    import numpy as np

    folders = sorted(path.parent for path in RETRIEVAL.glob("*/corpus.jsonl") if "xquad" not in path.parent.name)
    words = [text.split() for folder in folders for text in read_documents(folder).values()]
    passages = [" ".join(document[i : i + _WORDS]) for document in words for i in range(0, len(document), _WORDS)]
    distinct = list(dict.fromkeys(passage for passage in passages if len(passage) > _WORDS))
    order = np.random.default_rng(config.SEED).permutation(len(distinct))[: max(_SIZES)]
    return [distinct[i] for i in order]


def load_vectors() -> tuple[FloatArray, str]:
    """Unit vectors float32 (20,000, 384), of passages or else of random clusters, and what they are in words."""
    found = texts()
    if len(found) == max(_SIZES):
        from rag.embedding.cached import load_cached_embedder

        return load_cached_embedder(config.DEFAULT_EMBEDDING_MODEL).encode_documents(found), "passages of texts"
    return made_up(max(_SIZES)), "made-up clusters, without the test collections"


def made_up(n: int) -> FloatArray:
    """Unit vectors around 200 centers, float32 (n, 384)."""
    import numpy as np

    random = np.random.default_rng(config.SEED)
    centers = random.standard_normal((200, 384), dtype=np.float32)
    vectors = centers[random.integers(0, 200, n)] + random.standard_normal((n, 384), dtype=np.float32)
    unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def ours(vectors: FloatArray, output: Path) -> Figures:
    """A map as this app makes it, with its trustworthiness; then a query's position on it."""
    import numpy as np

    started, worked = time.perf_counter(), time.process_time()
    from rag.index.flat import FlatIndex
    from rag.map.layout import lay_out
    from rag.map.placement import place
    from rag.map.projection import ProjectionParameters

    layout = lay_out(np.arange(len(vectors)), vectors, ProjectionParameters())
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    np.save(output, layout.xy)
    index = FlatIndex.build(layout.chunk_ids, vectors)
    started = time.perf_counter()
    scores, rows = index.search(query_like(vectors), _NEIGHBORS)
    place(rows, scores, layout.xy)
    return {"seconds": seconds, "cpu": cpu, "query": time.perf_counter() - started}


def plain(vectors: FloatArray, output: Path) -> Figures:
    """A map as in the documentation of umap-learn; then, on the smaller one, a query's position on it."""
    import numpy as np

    started, worked = time.perf_counter(), time.process_time()
    import umap

    reducer = umap.UMAP(metric="cosine", random_state=42)
    np.save(output, reducer.fit_transform(vectors))
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    if len(vectors) > min(_SIZES):
        return {"seconds": seconds, "cpu": cpu}
    started = time.perf_counter()
    reducer.transform(query_like(vectors))
    return {"seconds": seconds, "cpu": cpu, "query": time.perf_counter() - started}


def query_like(vectors: FloatArray) -> FloatArray:
    """A unit vector between two of the vectors, float32 (1, dimension)."""
    import numpy as np

    between = vectors[:1] + vectors[1:2]
    unit: FloatArray = between / np.linalg.norm(between)
    return unit


def placing(vectors: FloatArray, output: Path) -> Figures:
    """Leave out a tenth, lay out the rest, place the tenth: how far is it from its position in a layout of all?

    The figures are median distances on the map of all, as shares of its spread (the root mean square distance from its
    center).
    """
    import numpy as np

    from rag.index.flat import FlatIndex
    from rag.map.alignment import align
    from rag.map.layout import lay_out
    from rag.map.placement import place
    from rag.map.projection import ProjectionParameters

    is_left_out = np.random.default_rng(config.SEED).random(len(vectors)) < 0.1
    rest = vectors[~is_left_out]
    full = lay_out(np.arange(len(vectors)), vectors, ProjectionParameters()).xy
    part = lay_out(np.arange(len(rest)), rest, ProjectionParameters()).xy
    alignment = align(part, full[~is_left_out])
    scores, rows = FlatIndex.build(np.arange(len(rest)), rest).search(vectors[is_left_out], _NEIGHBORS)
    spread = float(np.sqrt(((full - full.mean(axis=0)) ** 2).sum(axis=1).mean()))

    def median(drawn: FloatArray, where: FloatArray) -> float:
        return float(np.median(np.linalg.norm(drawn - where, axis=1))) / spread

    return {
        "placed": median(alignment.apply(place(rows, scores, part)), full[is_left_out]),
        "common": median(alignment.apply(part), full[~is_left_out]),
        "among_full": median(place(rows, scores, full[~is_left_out]), full[is_left_out]),
        "disparity": alignment.disparity,
    }


_SIDES = {"ours": ours, "plain": plain, "placing": placing}


def in_fresh_process(side: str, n: int, folder: Path) -> Figures:
    command = [sys.executable, "-m", "bench.projection", "--side", side, "--folder", str(folder), "--points", str(n)]
    ended = subprocess.run(command, cwd=config.ROOT, stdout=subprocess.PIPE, text=True, check=True)
    figures: Figures = json.loads(ended.stdout.splitlines()[-1])
    return figures


def trust(vectors: FloatArray, xy: FloatArray) -> float:
    """scikit-learn's trustworthiness (k=10, cosine), of a sample if there are more than 5,000 points."""
    import numpy as np
    from sklearn.manifold import trustworthiness

    rows = np.random.default_rng(config.SEED).permutation(len(vectors))[:_SAMPLE]
    return float(trustworthiness(vectors[rows], xy[rows], n_neighbors=10, metric="cosine"))


def compare(n: int, folder: Path, vectors: FloatArray) -> None:
    import numpy as np

    sides = {side: in_fresh_process(side, n, folder) for side in ("ours", "plain")}
    trusts = {side: trust(vectors[:n], np.load(folder / f"{side}-{n}.npy")) for side in sides}
    mine, other = sides["ours"], sides["plain"]
    print(
        f"{n:,} points: {mine['seconds']:.1f} s, plain umap {other['seconds']:.1f} s, "
        f"ratio {other['seconds'] / mine['seconds']:.1f} (asked: {_ASKED_RATIO[n]:.0f}); processor time "
        f"{mine['cpu']:.1f} s, plain {other['cpu']:.1f} s, ratio {other['cpu'] / mine['cpu']:.1f}; trustworthiness "
        f"{trusts['ours']:.4f}, plain {trusts['plain']:.4f}, difference {trusts['ours'] - trusts['plain']:+.4f} "
        "(asked: no more than 0.005 below)"
    )
    against = f", plain umap's first transform {other['query']:.1f} s" if "query" in other else ""
    print(f"{n:,} points, a query placed: {1000 * mine['query']:.1f} ms (asked: below 50){against}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.projection", description=__doc__)
    parser.add_argument("--side", choices=_SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--points", type=int, default=0, help="only this app's map, of so many made-up vectors")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    import numpy as np

    if options.side:
        vectors = np.load(options.folder / "vectors.npy")[: options.points]
        figures = _SIDES[options.side](vectors, options.folder / f"{options.side}-{options.points}.npy")
        print(json.dumps(figures))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vectors, what = (made_up(options.points), "made-up clusters") if options.points else load_vectors()
        np.save(folder / "vectors.npy", vectors)
        subprocess.run([sys.executable, "-c", _PREPARE], cwd=config.ROOT, check=True)
        if options.points:
            alone = in_fresh_process("ours", options.points, folder)
            print(f"{options.points:,} points: {alone['seconds']:.1f} s, load {os.getloadavg()[0]:.1f}")
            return
        print(f"vectors: {what}; load {os.getloadavg()[0]:.1f} of {config.cpu_threads()} cores")
        for n in _SIZES:
            compare(n, folder, vectors)
        n = min(_SIZES)
        found = in_fresh_process("placing", n, folder)
        print(
            f"{n:,} points, a tenth left out and placed: {found['placed']:.3f} of the spread from where a layout of "
            f"all has it; the others move by {found['common']:.3f} between the two layouts (disparity "
            f"{found['disparity']:.2f}); placed among the layout of all: {found['among_full']:.3f}"
        )


if __name__ == "__main__":
    main()
