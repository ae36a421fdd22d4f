"""Agreement of the map's clusters with known topics, by layer, against k-means, HDBSCAN alone and HDBSCAN's own tree.

python -m bench.topics             some minutes; without the test collections, only the sample's topics

Three sets of texts: the sample's passages with their topic, and two mixtures of test collections, 300 documents of
each, whose topic is the collection that a document is from. The figure is the adjusted mutual information (AMI) of
clusters and topics, 1 if they are the same and about 0 by chance. Unclustered points count as one cluster. All sides
see the same coordinates, and make as many clusters; only ours also sees the embeddings, for points between clusters.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.reference import RETRIEVAL, read_documents
from rag import config

if TYPE_CHECKING:
    from rag.map.clusters.layers import Layers
    from rag.types import FloatArray, IntArray

_MIXTURES = {
    "seven collections": (
        "anthropic_docs", "cacm", "cisi", "cranfield", "legal_summarization", "scifact", "xquad_en",
    ),
    "nine collections, three languages": (
        "anthropic_docs", "cacm", "cisi", "cranfield", "legal_summarization", "scifact", "xquad_de", "xquad_en",
        "xquad_ru",
    ),
}  # fmt: skip
_OF_EACH = 300
_SHORTEST = 100
_SEEDS = (config.SEED, 1, 2)
_TOLERANCE = 0.0005


def sample_topics() -> tuple[list[str], list[str]]:
    """The sample's passages and their topics."""
    with (config.SAMPLES / "topics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["topic"] for row in rows]


def mixture(names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Up to 300 random documents of each test collection, without very short ones, and where each is from."""
    random = np.random.default_rng(0)
    texts: list[str] = []
    topics: list[str] = []
    for name in names:
        documents = [text for text in read_documents(RETRIEVAL / name).values() if len(text) > _SHORTEST]
        chosen = np.sort(random.permutation(len(documents))[:_OF_EACH]).tolist()
        texts += [documents[i] for i in chosen]
        topics += [name] * len(chosen)
    return texts, topics


def sets() -> Iterator[tuple[str, list[str], list[str]]]:
    """The name, texts and topics of each set."""
    yield "sample", *sample_topics()
    for title, names in _MIXTURES.items():
        if all((RETRIEVAL / name / "corpus.jsonl").exists() for name in names):
            yield title, *mixture(names)
        else:
            print(f"{title}: not measured, the test collections are not there")


def agreement(topics: list[str], labels: IntArray) -> float:
    """The adjusted mutual information."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(topics, labels))


def k_means(xy: FloatArray, count: int) -> IntArray:
    """Clusters by k-means, the best of ten starts."""
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(count, n_init=10, random_state=0).fit_predict(xy))


def own_tree(xy: FloatArray, layers: Layers, count: int) -> IntArray:
    """The same finest clusters joined as in HDBSCAN's tree: always the two with the smallest gap between them.

    A gap is the smallest mutual reachability distance of a point of the one and a point of the other.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import cdist, squareform

    lengths = cdist(xy, xy)
    core = np.sort(lengths, axis=1)[:, 4]
    reach = np.maximum(lengths, np.maximum.outer(core, core))
    members = [np.flatnonzero(layers.finest == one) for one in range(max(layers.counts))]
    gaps = np.array([[reach[np.ix_(one, other)].min() for other in members] for one in members])
    np.fill_diagonal(gaps, 0)
    joined = fcluster(linkage(squareform(gaps, checks=False), "single"), count, "maxclust")
    return np.asarray(np.array([*joined, 0])[layers.finest])


def measure(title: str, texts: list[str], topics: list[str]) -> None:
    """Print the agreement on the layouts of three seeds."""
    from rag.embedding.cached import load_cached_embedder
    from rag.map.clusters.density import DEFAULT_COARSENESS, cluster
    from rag.map.clusters.layers import find_layers
    from rag.map.layout import lay_out
    from rag.map.projection import ProjectionParameters

    vectors = load_cached_embedder(config.DEFAULT_EMBEDDING_MODEL).encode_documents(texts)
    print(f"\n{title}: {len(texts):,} texts, {len(set(topics))} topics")
    differences: list[float] = []
    for seed in _SEEDS:
        xy = lay_out(np.arange(len(texts)), vectors, replace(ProjectionParameters(), seed=seed)).xy
        layers = find_layers(xy, vectors)
        alone = {step: agreement(topics, cluster(xy, step)) for step in np.linspace(0, 1, 21).round(2).tolist()}
        best = max(alone, key=alone.__getitem__)
        shown = agreement(topics, layers.labels(layers.default))
        print(
            f"  seed {seed}: default layer, {layers.counts[layers.default]} clusters, {shown:.3f}; HDBSCAN alone "
            f"{alone[DEFAULT_COARSENESS]:.3f} with coarseness {DEFAULT_COARSENESS}, {alone[best]:.3f} with {best}, its "
            f"best; unclustered {(layers.finest < 0).mean():.1%}"
        )
        print("    clusters    ours  k-means  own tree")
        for layer, count in enumerate(layers.counts):
            ours = agreement(topics, layers.labels(layer))
            reference = agreement(topics, k_means(xy, count))
            differences.append(ours - reference)
            tree = agreement(topics, own_tree(xy, layers, count))
            note = "   below k-means" if differences[-1] < -_TOLERANCE else ""
            print(f"    {count:8}   {ours:.3f}    {reference:.3f}     {tree:.3f}{note}")
    n_below = sum(one < -_TOLERANCE for one in differences)
    print(
        f"  ours against k-means: {np.mean(differences):+.3f} on average, below it in {n_below} of "
        f"{len(differences)} layers, at most by {-min(differences):.3f}"
    )


def main() -> None:
    """Measure all sets."""
    for title, texts, topics in sets():
        measure(title, texts, topics)


if __name__ == "__main__":
    main()
