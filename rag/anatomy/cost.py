"""Cost of an embedding model on this machine: seconds to embed a collection, and bytes for its vectors.

Time is measured for a loaded model. For another it is estimated: a transformer multiplies each token by each of its
parameters once, except for the table of token vectors, of which it only reads rows (Kaplan et al., "Scaling Laws for
Neural Language Models", 2020, section 2.1). Attention between tokens, other number formats and batch sizes are left
out, so an estimate may be off by a factor of two.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rag import config
from rag.embedding.catalogue import CatalogueEntry, entry_of
from rag.types import Embedder

SIZES = (1_000_000, 100_000_000)
"""Numbers of chunks for which `costs` also gives the cost: a large archive, and a part of the web."""
_BATCH = 16
_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Speed:
    """A model's measured speed: medians over batches of `n_chunks` chunks in all.

    tokens_per_second counts what the model reads, without prefix and special tokens.
    """

    model_id: str
    tokens_per_second: float
    chunks_per_second: float
    n_chunks: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What it costs to embed `n_chunks` chunks.

    seconds: None if the model was not measured and cannot be estimated. estimated_from: the measured model from whose
    speed the seconds were estimated; empty if they come from the model's own speed. vector_bytes: exact, for vectors
    in float32 without an index.
    """

    n_chunks: int
    seconds: float | None
    estimated_from: str
    vector_bytes: int

    @property
    def is_estimate(self) -> bool:
        """Whether `seconds` were estimated from another model's speed."""
        return bool(self.estimated_from)


def measure(
    embedder: Embedder,
    texts: Sequence[str],
    seconds: float = 2.0,
    *,
    seed: int = config.SEED,
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Embed batches of chunks until the time is up, and return the median speed.

    The first batch is a warm-up and does not count; at least one more is measured. If the chunks run out, they are
    embedded again.

    Args:
        embedder: the model itself; one with a cache of vectors would look too fast.
        texts: chunks, which are taken in random order.
        seconds: how long to measure.
        seed: for the order.
        clock: returns seconds, like time.perf_counter.

    Raises:
        ValueError: there are no texts.
    """
    if not texts:
        raise ValueError("At least one text is needed to measure a model's speed.")
    distinct = list(dict.fromkeys(texts))
    random.Random(seed).shuffle(distinct)
    size = min(_BATCH, len(distinct))
    embedder.encode_documents(distinct[:size])
    rates: list[tuple[float, float]] = []
    started, place = clock(), 0
    while not rates or clock() - started < seconds:
        batch = [distinct[(place + i) % len(distinct)] for i in range(size)]
        place += size
        n_tokens = sum(min(count, embedder.window) for count in embedder.count_tokens(batch))
        before = clock()
        embedder.encode_documents(batch)
        taken = clock() - before
        rates.append((n_tokens / taken, size / taken))
    tokens, chunks = (median(column) for column in zip(*rates, strict=True))
    return Speed(embedder.spec.model_id, tokens, chunks, size * len(rates))


def cost(model_id: str, dimension: int, speed: Speed | None, n_chunks: int, tokens_per_chunk: float) -> Cost:
    """The cost of embedding a number of chunks with a model.

    Args:
        model_id: the model's full name; only models of the catalogue can be estimated.
        dimension: numbers of a vector.
        speed: of this model or of another one; None if none was measured.
        n_chunks: how many chunks.
        tokens_per_chunk: mean length. What is beyond a model's window is not read, and takes no time.
    """
    vector_bytes = n_chunks * dimension * _FLOAT_BYTES
    entry = entry_of(model_id)
    factor = None if speed is None else 1.0 if speed.model_id == model_id else _work_ratio(entry, speed.model_id)
    if speed is None or factor is None:
        return Cost(n_chunks, None, "", vector_bytes)
    read = min(tokens_per_chunk, entry.max_tokens) if entry and entry.max_tokens else tokens_per_chunk
    seconds = float(factor * n_chunks * read / speed.tokens_per_second)
    return Cost(n_chunks, seconds, "" if speed.model_id == model_id else speed.model_id, vector_bytes)


def costs(
    model_id: str, dimension: int, speed: Speed | None, n_chunks: int, tokens_per_chunk: float
) -> tuple[Cost, ...]:
    """`cost` for the collection's `n_chunks`, and for each of SIZES with chunks of the same length."""
    return tuple(cost(model_id, dimension, speed, n, tokens_per_chunk) for n in (n_chunks, *SIZES))


def _work_ratio(entry: CatalogueEntry | None, measured_id: str) -> float | None:
    """How many times as long as the measured model a model takes for a token.

    None if one of them is not in the catalogue, or is a static model: its time does not depend on its parameters.
    """
    measured = entry_of(measured_id)
    if entry is None or measured is None:
        return None
    if entry.computed_parameters is None or measured.computed_parameters is None:
        return entry.parameters / measured.parameters
    if not entry.computed_parameters or not measured.computed_parameters:
        return None
    return entry.computed_parameters / measured.computed_parameters
