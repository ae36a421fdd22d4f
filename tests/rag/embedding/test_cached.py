"""The cache of embeddings: equal to the model's own, bounded, shared, and a miss where anything is wrong with it."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from rag import config
from rag.embedding.cached import CacheCounts, CachedEmbedder, VectorCache, load_cached_embedder, text_keys
from rag.errors import ExplorerError
from tests.support.fakes import WordEmbedder

TEXTS = [f"Owl number {n} hunts at night." for n in range(200)]
MEGABYTE = 1024 * 1024


class PreciseWords(WordEmbedder):
    """The words' embedder with a precision, and another spec where one is asked for."""

    def __init__(self, precision: str = "float32", **spec) -> None:
        super().__init__()
        self.precision = precision
        self.spec = replace(self.spec, **spec)


@pytest.fixture
def cache(tmp_path) -> VectorCache:
    return VectorCache(tmp_path / "caches" / "vectors.sqlite", max_bytes=100 * MEGABYTE)


def embed(cache: VectorCache, texts, words: WordEmbedder | None = None) -> int:
    """Embed the texts with the cache, see that the vectors are the model's own, and count what the model did."""
    words = words or PreciseWords()
    expected = WordEmbedder().encode_documents(texts)
    embedder = CachedEmbedder(words, cache)
    vectors = embedder.encode_documents(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == expected.shape
    assert (vectors == expected).all()
    assert embedder.counts == CacheCounts(words.embedded, len(texts) - words.embedded)
    return words.embedded


def random_rows(count: int) -> tuple[list[str], np.ndarray]:
    return [f"{n:064x}" for n in range(count)], np.random.default_rng(1).random((count, 384), dtype=np.float32)


# What is embedded


def test_only_what_is_new_is_embedded(cache):
    assert embed(cache, TEXTS) == len(TEXTS)
    assert embed(cache, TEXTS) == 0
    changed = [*TEXTS[50:], "A ship sails.", "A ship sails.", TEXTS[3], "Another ship."]
    assert embed(cache, changed) == 2
    assert embed(cache, []) == 0
    assert cache.problem == ""


def test_it_lasts_and_odd_texts_are_texts_too(cache):
    odd = ["e\u0301", "\u00e9", "a", "a ", "A", "a\0", ""]
    assert embed(cache, odd) == len(odd)
    assert embed(VectorCache(cache.path, max_bytes=MEGABYTE), odd) == 0
    assert len(set(text_keys(["\ud800", "\ud801", "\ufffd", "?"], WordEmbedder().spec, "float32"))) == 4


@pytest.mark.parametrize(
    "other",
    [
        PreciseWords("bfloat16"),
        PreciseWords(model_id="test/others"),
        PreciseWords(revision="2"),
        PreciseWords(document_prefix="passage: "),
    ],
    ids=["precision", "model", "revision", "prefix"],
)
def test_vectors_made_otherwise_are_others(cache, other):
    embed(cache, TEXTS)
    assert embed(cache, TEXTS, other) == len(TEXTS)
    assert embed(cache, TEXTS, PreciseWords(query_prefix="query: ")) == 0


def test_queries_are_not_kept(cache):
    embedder = CachedEmbedder(PreciseWords(), cache)
    assert (embedder.encode_queries(TEXTS) == WordEmbedder().encode_queries(TEXTS)).all()
    assert not cache.path.exists()


def test_it_stands_for_the_embedder(cache):
    words = PreciseWords("bfloat16")
    embedder = CachedEmbedder(words, cache)
    assert (embedder.spec, embedder.window, embedder.tokenizer) == (words.spec, words.window, words.tokenizer)
    assert (embedder.precision, embedder.count_tokens(["owl"])) == ("bfloat16", [3])


def test_the_real_model_is_asked_once(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "c"))
    embedder = load_cached_embedder(config.DEFAULT_EMBEDDING_MODEL)
    first, again = embedder.encode_documents(TEXTS[:4]), embedder.encode_documents(TEXTS[1:5])
    assert (first[1:] == again[:3]).all()
    assert embedder.counts == CacheCounts(5, 3)
    assert (tmp_path / "c" / "vectors.sqlite").is_file()


# How large it grows


def size_on_disk(cache: VectorCache) -> int:
    return sum(path.stat().st_size for path in cache.path.parent.iterdir())


def test_the_least_recently_used_go_first(tmp_path):
    hours = [0.0]
    cache = VectorCache(tmp_path / "v.sqlite", max_bytes=MEGABYTE, clock=lambda: hours[0] * 3600)
    keys, rows = random_rows(1500)
    cache.put(keys[:300], rows[:300])
    hours[0] = 1
    cache.put(keys[300:400], rows[300:400])
    hours[0] = 2
    assert len(cache.get(keys[:100])) == 100
    hours[0] = 3
    cache.put(keys[400:600], rows[400:600])
    left = cache.get(keys)
    assert set(keys[:100]) | set(keys[400:600]) <= set(left)
    assert not set(keys[100:200]) & set(left)
    assert all((left[key] == rows[int(key, 16)]).all() for key in left)


def test_it_keeps_to_its_bound_and_gives_back_what_is_above(tmp_path):
    path, (keys, rows) = tmp_path / "v" / "v.sqlite", random_rows(3000)
    cache = VectorCache(path, max_bytes=2 * MEGABYTE)
    for start in range(0, 3000, 500):
        cache.put(keys[start : start + 500], rows[start : start + 500])
        assert size_on_disk(cache) <= 2 * MEGABYTE
    assert set(keys[2900:]) <= set(cache.get(keys))
    smaller = VectorCache(path, max_bytes=MEGABYTE // 2)
    smaller.put(keys[:1], rows[:1])
    assert size_on_disk(smaller) <= MEGABYTE // 2
    assert keys[0] in smaller.get(keys)


def test_more_than_the_bound_at_once_is_no_error(tmp_path):
    cache = VectorCache(tmp_path / "v" / "v.sqlite", max_bytes=50_000)
    assert embed(cache, TEXTS) == len(TEXTS)
    keys, rows = random_rows(2000)
    cache.put(keys, rows)
    assert size_on_disk(cache) <= 50_000
    assert cache.problem == ""


def test_zero_megabytes_turn_it_off(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "c"))
    monkeypatch.setenv("EXPLORER_VECTOR_CACHE_MB", "0")
    assert embed(VectorCache.default(), TEXTS) == embed(VectorCache.default(), TEXTS) == len(TEXTS)
    assert not (tmp_path / "c").exists()


def test_its_size_must_be_a_number(monkeypatch):
    monkeypatch.setenv("EXPLORER_VECTOR_CACHE_MB", "2 GB")
    with pytest.raises(ExplorerError, match=r"EXPLORER_VECTOR_CACHE_MB is '2 GB'\. Set it to a whole number"):
        VectorCache.default()


# What is wrong with it


def test_a_file_that_is_none_is_moved_aside(cache):
    cache.path.parent.mkdir()
    cache.path.write_bytes(b"this is no database " * 1000)
    assert embed(cache, TEXTS) == len(TEXTS)
    assert "renamed to 'vectors.sqlite.damaged', and a new one was started" in cache.problem
    assert cache.path.with_name("vectors.sqlite.damaged").read_bytes().startswith(b"this is no database")
    assert embed(VectorCache(cache.path, max_bytes=MEGABYTE), TEXTS) == 0


def test_a_database_of_something_else_is_moved_aside(cache):
    cache.path.parent.mkdir()
    with sqlite3.connect(cache.path) as connection:
        connection.executescript("CREATE TABLE vectors (name TEXT); PRAGMA user_version = 7;")
    assert embed(cache, TEXTS) == len(TEXTS)
    assert "could not be used" in cache.problem
    assert embed(cache, TEXTS) == 0


def test_vectors_under_the_wrong_key_are_misses(cache):
    embed(cache, TEXTS)
    one, other = text_keys(TEXTS[:2], WordEmbedder().spec, "float32")
    with sqlite3.connect(cache.path) as connection:
        stored = connection.execute("SELECT vector FROM vectors WHERE key = ?", (other,)).fetchone()
        connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (*stored, one))
    assert embed(cache, TEXTS) == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_never_give_a_wrong_vector(cache, seed):
    embed(cache, TEXTS)
    damaged, chance = bytearray(cache.path.read_bytes()), random.Random(seed)
    reach = len(damaged) if seed % 2 else 3 * 4096  # the whole file, or the pages that describe it
    for _ in range(chance.choice([1, 30, 1000])):
        damaged[chance.randrange(reach)] ^= chance.randrange(1, 256)
    cut = len(damaged) if seed % 3 else chance.randrange(len(damaged))
    cache.path.write_bytes(damaged[:cut])
    embed(cache, TEXTS)
    embed(cache, TEXTS)
    assert embed(cache, TEXTS) == 0


def test_a_place_that_cannot_be_written_costs_the_cache_alone(tmp_path):
    (tmp_path / "file").write_text("in the way of the folder")
    cache = VectorCache(tmp_path / "file" / "v.sqlite", max_bytes=MEGABYTE)
    assert embed(cache, TEXTS) == len(TEXTS)
    assert cache.problem.startswith("The cache of embeddings 'v.sqlite' could not be used")


# Who else uses it

FILLER = """
import sys
from pathlib import Path
from rag.embedding.cached import CachedEmbedder, VectorCache
from tests.rag.embedding.test_cached import PreciseWords
cache = VectorCache(Path(sys.argv[1]), max_bytes=100 << 20)
first = int(sys.argv[2])
for start in range(first, first + 300, 10):
    CachedEmbedder(PreciseWords(), cache).encode_documents([f"Text {n} of many" for n in range(start, start + 20)])
sys.exit(cache.problem or 0)
"""


def fill(cache: VectorCache) -> list[str]:
    """What is said by three processes that fill the cache at once with texts that they partly share."""
    fillers = [
        subprocess.Popen(
            [sys.executable, "-c", FILLER, str(cache.path), first], cwd=config.ROOT, stderr=subprocess.PIPE, text=True
        )
        for first in ("0", "150", "150")
    ]
    return [filler.communicate()[1] for filler in fillers]


def rows_of_sound_file(cache: VectorCache) -> int:
    with sqlite3.connect(cache.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return connection.execute("SELECT count(*) FROM vectors").fetchone()[0]


@pytest.mark.slow
def test_processes_share_it(cache):
    assert fill(cache) == ["", "", ""]
    assert rows_of_sound_file(cache) == 460
    assert embed(cache, [f"Text {n} of many" for n in range(460)]) == 0


@pytest.mark.slow
def test_processes_that_find_it_damaged_agree_on_a_new_one(cache):
    cache.path.parent.mkdir()
    cache.path.write_bytes(b"this is no database " * 1000)
    said = fill(cache)
    assert any("a new one was started" in line for line in said)
    assert not any("Traceback" in line for line in said)
    embed(cache, [f"Text {n} of many" for n in range(460)])
    assert rows_of_sound_file(cache) == 460
