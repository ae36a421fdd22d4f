"""The catalogue of embedding models: published facts, licences, and agreement with the models installed here."""

from __future__ import annotations

import json
from datetime import date

import pytest

from rag import config
from rag.embedding import catalogue as catalogue_module
from rag.embedding.catalogue import about_scores, catalogue, entry_of, installed
from rag.embedding.languages import language_warning
from rag.runtime.model_wheels import EMBEDDING_WHEELS

MINILM = config.DEFAULT_EMBEDDING_MODEL
E5_SMALL = "intfloat/multilingual-e5-small"


def by_licence(use):
    return {entry.model_id for entry in catalogue() if entry.commercial_use == use}


def test_every_model_is_described_once():
    names = [entry.model_id for entry in catalogue()]
    assert len(names) == len(set(names)) == 30
    for entry in catalogue():
        assert entry_of(entry.model_id) is entry
        owner, _, name = entry.model_id.partition("/")
        assert owner
        assert name
        assert 0 <= entry.computed_parameters < entry.parameters
        assert (entry.max_tokens is None) == (entry.computed_parameters == 0)
        assert {score for score in (entry.mteb_v2, entry.beir) if score is not None and not 20 < score < 70} == set()
    assert entry_of("test/words") is None


def test_scores_are_those_of_the_benchmark():
    assert (entry_of(MINILM).mteb_v2, entry_of(MINILM).beir) == (42.92, 41.95)
    assert entry_of("Snowflake/snowflake-arctic-embed-xs").mteb_v2 == 52.65
    assert entry_of("BAAI/bge-m3").mteb_v2 is None
    about = about_scores()
    assert (about.commit, about.date) == ("f4cc6c8b3", date(2026, 8, 20))
    assert about.baseline.name == "BM25"
    assert about.baseline.mteb_v2 == 42.07
    assert "in training" in about.note
    best = max((entry for entry in catalogue() if entry.mteb_v2), key=lambda entry: entry.mteb_v2)
    assert best.model_id == "Qwen/Qwen3-Embedding-0.6B"


def test_commercial_use_follows_from_the_licence():
    assert by_licence("no") == {"jinaai/jina-embeddings-v5-text-nano"}
    assert by_licence("own terms") == {"google/embeddinggemma-300m"}
    assert len(by_licence("open")) == 28


def test_multilingual_models_are_known_as_such():
    assert not entry_of(MINILM).is_multilingual
    assert entry_of(E5_SMALL).languages == 99
    # The number of languages is not given for this one.
    assert entry_of("nomic-ai/nomic-embed-text-v2-moe").languages is None
    warned = {entry.model_id for entry in catalogue() if language_warning(entry.model_id, "de")}
    assert MINILM in warned
    assert {name for name in warned if entry_of(name).is_multilingual} == set()


@pytest.mark.parametrize("fixture", ["embedder", "e5"])
def test_an_installed_model_is_as_described(fixture, request):
    embedder = request.getfixturevalue(fixture)
    entry = entry_of(embedder.spec.model_id)
    assert entry.dimension == embedder.spec.dimension
    assert (entry.query_prefix, entry.document_prefix) == (embedder.spec.query_prefix, embedder.spec.document_prefix)
    prefix = max(embedder.count_tokens([entry.query_prefix, entry.document_prefix]))
    assert entry.max_tokens == embedder.window + prefix + 2
    counts = {name: weights.numel() for name, weights in embedder._model[0].named_parameters()}
    table = sum(count for name, count in counts.items() if "word_embeddings" in name)
    assert sum(counts.values()) == pytest.approx(entry.parameters, rel=0.01)
    assert sum(counts.values()) - table == pytest.approx(entry.computed_parameters, rel=0.05)


def test_installed_models_are_those_given():
    assert set(EMBEDDING_WHEELS) <= {entry.model_id for entry in catalogue()}
    assert installed(entry_of(MINILM), [E5_SMALL, MINILM])
    assert not installed(entry_of(MINILM), [E5_SMALL])


@pytest.mark.parametrize(("key", "value"), [("dimension", "384"), ("licence", None), ("runs_code", 1)])
def test_a_value_of_the_wrong_type_is_refused(key, value, tmp_path, monkeypatch):
    stored = json.loads(catalogue_module._FILE.read_text("utf-8"))
    stored["models"][0][key] = value
    (tmp_path / "catalogue.json").write_text(json.dumps(stored), "utf-8")
    monkeypatch.setattr(catalogue_module, "_FILE", tmp_path / "catalogue.json")
    with pytest.raises(ValueError, match=key):
        catalogue_module._stored.__wrapped__()
