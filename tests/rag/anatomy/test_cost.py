"""The cost of a model: speed against a clock that the test moves, time and bytes against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.anatomy import cost as cost_module
from rag.anatomy.cost import SIZES, Cost, Speed, cost, costs, measure
from rag.embedding.catalogue import entry_of
from tests.support.fakes import WordEmbedder

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
BGE_BASE = "BAAI/bge-base-en-v1.5"
SPEED = Speed(MINILM, tokens_per_second=10_000.0, chunks_per_second=100.0, n_chunks=64)


class TimedEmbedder(WordEmbedder):
    """Takes as long for each batch as given, on a clock of its own; the last duration is repeated."""

    def __init__(self, *durations):
        super().__init__()
        self.now = 0.0
        self.batches = []
        self._durations = list(durations)

    def clock(self):
        return self.now

    def encode_documents(self, texts):
        self.batches.append(list(texts))
        self.now += self._durations.pop(0) if len(self._durations) > 1 else self._durations[0]
        return super().encode_documents(texts)


def test_speed_is_the_median_of_the_batches_after_the_first():
    embedder = TimedEmbedder(100.0, 1.0, 0.5, 4.0)
    texts = [f"owl {number:02}" for number in range(40)]
    speed = measure(embedder, texts, seconds=5.0, clock=embedder.clock)
    # 16 chunks of 6 bytes, which are this embedder's tokens, in 1, 0.5 and 4 seconds.
    assert speed == Speed("test/words", tokens_per_second=96.0, chunks_per_second=16.0, n_chunks=48)
    assert {text for batch in embedder.batches[1:] for text in batch} == set(texts)


def test_few_chunks_are_embedded_again_and_copies_once_in_a_batch():
    embedder = TimedEmbedder(1.0)
    speed = measure(embedder, ["owl", "owl", "ship"], seconds=3.0, clock=embedder.clock)
    assert [sorted(batch) for batch in embedder.batches] == [["owl", "ship"]] * 4
    assert (speed.tokens_per_second, speed.chunks_per_second, speed.n_chunks) == (7.0, 2.0, 6)


def test_only_what_the_model_reads_counts():
    embedder = TimedEmbedder(2.0)
    assert measure(embedder, ["o" * 1000], seconds=0.0, clock=embedder.clock).tokens_per_second == 200.0


def test_without_texts_there_is_nothing_to_measure():
    with pytest.raises(ValueError, match="At least one text"):
        measure(WordEmbedder(), [])


def test_a_real_model_is_measured(embedder):
    speed = measure(embedder, ["The owl hunts at night.", "Ships sail far to the north."], seconds=0.01)
    assert speed.model_id == MINILM
    # 6 and 7 tokens, with the full stops.
    assert speed.tokens_per_second == pytest.approx(6.5 * speed.chunks_per_second)


def test_a_measured_model_costs_its_tokens():
    assert cost(MINILM, 384, SPEED, 1_000, 100.0) == Cost(1_000, 10.0, "", 1_536_000)


def test_a_model_that_is_not_measured_is_estimated_by_its_computed_parameters():
    estimated = cost(BGE_BASE, 768, SPEED, 1_000, 100.0)
    assert (estimated.is_estimate, estimated.estimated_from) == (True, MINILM)
    # 109,000,000 - 23,440,896 parameters against 22,713,216 - 11,720,448.
    assert estimated.seconds == pytest.approx(10.0 * 85_559_104 / 10_992_768)
    assert estimated.vector_bytes == 3_072_000


def test_all_parameters_are_compared_where_the_token_table_is_unknown(monkeypatch):
    unknown = replace(entry_of(BGE_BASE), computed_parameters=None)
    monkeypatch.setattr(
        cost_module, "entry_of", lambda model_id: unknown if model_id == BGE_BASE else entry_of(model_id)
    )
    assert cost(BGE_BASE, 768, SPEED, 1_000, 100.0).seconds == pytest.approx(10.0 * 109_000_000 / 22_713_216)


def test_tokens_beyond_the_window_take_no_time():
    # all-MiniLM-L6-v2 reads 256 tokens, the other model 512.
    assert cost(MINILM, 384, SPEED, 1_000, 1_000.0).seconds == pytest.approx(25.6)
    ratio = 85_559_104 / 10_992_768
    assert cost(BGE_BASE, 768, SPEED, 1_000, 1_000.0).seconds == pytest.approx(51.2 * ratio)


@pytest.mark.parametrize(
    ("model_id", "speed"),
    [
        (MINILM, None),
        ("ollama:bert", SPEED),
        (BGE_BASE, replace(SPEED, model_id="ollama:bert")),
        ("minishlab/potion-retrieval-32M", SPEED),
        (BGE_BASE, replace(SPEED, model_id="minishlab/potion-retrieval-32M")),
    ],
)
def test_where_no_time_can_be_given_the_bytes_still_are(model_id, speed):
    assert cost(model_id, 512, speed, 10, 50.0) == Cost(10, None, "", 20_480)


def test_costs_are_for_the_collection_a_million_and_a_hundred_million():
    result = costs(MINILM, 384, SPEED, 298, 100.0)
    assert [one.n_chunks for one in result] == [298, *SIZES] == [298, 1_000_000, 100_000_000]
    assert [one.seconds for one in result] == pytest.approx([2.98, 10_000.0, 1_000_000.0])
    assert result[-1].vector_bytes == 153_600_000_000
    assert not any(one.is_estimate for one in result)
