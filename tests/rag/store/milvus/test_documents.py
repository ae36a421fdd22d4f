"""Documents in Milvus: visible wholly or not at all at every moment, and of any length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from rag import config
from rag.errors import CollectionError
from rag.store.check import check_collection
from rag.store.collection import Collection
from rag.store.homes import milvus_home
from rag.store.milvus import catalog, layout
from rag.store.milvus.client import close_all, connected
from rag.store.milvus.collection import MilvusCollection
from rag.store.milvus.database import Database, entries
from rag.store.milvus.place import Place
from rag.store.search import SearchFilter
from rag.types import Chunk, Document
from tests.support.collections import CHUNKING, contents, plain_document, put
from tests.support.fakes import WordEmbedder

pytestmark = pytest.mark.usefixtures("milvus")
WORDS = WordEmbedder()
EVERYTHING = SearchFilter()
SENTENCES = "An owl hunts at night. " * 40


@pytest.fixture
def collection(data_dir: Path) -> MilvusCollection:
    made = Collection.create(data_dir, "c", WORDS.spec, CHUNKING)
    assert isinstance(made, MilvusCollection)
    return made


def found_in(collection: MilvusCollection) -> dict[str, int]:
    """By document, how many chunks each search finds; both must find the same."""
    engine = collection.engine()
    by_words = engine.matching("owl mole", 1000, EVERYTHING).ids
    by_meaning = engine.nearest(WORDS.encode_queries(["owl"])[0], 1000, EVERYTHING).ids
    assert sorted(by_words.tolist()) == sorted(by_meaning.tolist())
    names = collection.document_names()
    hits = [names[chunk.document_id] for chunk in collection.chunks(by_words.tolist())]
    return {name: hits.count(name) for name in hits}


def test_while_a_document_is_written_the_earlier_one_is_found(
    collection: MilvusCollection, monkeypatch: pytest.MonkeyPatch
):
    put(collection, WORDS, plain_document("a.txt", SENTENCES))
    before, seen, insert = contents(collection), [], Place.insert_chunks

    def looked_at(place: Place, rows: list[dict[str, object]]) -> None:
        for row in rows:
            insert(place, [row])
            seen.append((found_in(collection), contents(collection) == before))

    monkeypatch.setattr(Place, "insert_chunks", looked_at)
    put(collection, WORDS, plain_document("a.txt", SENTENCES.replace("owl", "mole")))
    n = collection.n_chunks()
    assert seen == [({"a.txt": n}, True)] * n
    assert found_in(collection) == {"a.txt": n}
    assert all("mole" in chunk.text for chunk in collection.chunks())


def test_an_interrupted_document_is_never_found_and_is_swept_up(
    collection: MilvusCollection, monkeypatch: pytest.MonkeyPatch
):
    put(collection, WORDS, plain_document("a.txt", SENTENCES))
    before, insert = contents(collection), Place.insert_chunks

    def interrupted(place: Place, rows: list[dict[str, object]]) -> None:
        insert(place, rows[:2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Place, "insert_chunks", interrupted)
        with pytest.raises(KeyboardInterrupt):
            put(collection, WORDS, plain_document("a.txt", SENTENCES.replace("owl", "mole")))
    assert contents(collection) == before
    assert found_in(collection) == {"a.txt": len(before.chunks)}
    put(collection, WORDS, plain_document("b.txt", "A mole."))
    assert stored_versions(collection) == {entry.version for entry in collection._place.snapshot().entries.values()}


def stored_versions(collection: MilvusCollection) -> set[int]:
    """The versions of which Milvus holds any chunk."""
    return {int(row["version"]) for row in collection._place.rows_between(1, 1000, ("chunk_id", "version"))}


def test_a_reader_that_began_before_still_finds_what_was_replaced(collection: MilvusCollection):
    put(collection, WORDS, plain_document("a.txt", SENTENCES))
    earlier = collection._place.snapshot()
    put(collection, WORDS, plain_document("a.txt", "A mole."))
    collection.delete_document("id of a.txt")
    assert found_in(collection) == {}
    rows = list(collection._rows(earlier, ("chunk_id", "version", "text")))
    assert len(rows) == earlier.n_chunks
    assert all("owl" in row["text"] for row in rows)


def test_versions_that_left_long_ago_are_deleted_from_milvus(collection: MilvusCollection):
    put(collection, WORDS, plain_document("a.txt", SENTENCES))
    collection.delete_document("id of a.txt")
    assert len(stored_versions(collection)) == 1
    with collection._place.catalog.database.writing() as connection:
        connection.execute(update(entries).values(since=0.0))
    put(collection, WORDS, plain_document("b.txt", "A mole."))
    assert stored_versions(collection) == set(collection._place.snapshot().entries)


def test_a_writer_that_was_taken_for_dead_stores_nothing(collection: MilvusCollection, monkeypatch: pytest.MonkeyPatch):
    put(collection, WORDS, plain_document("a.txt", SENTENCES))
    before, insert = contents(collection), Place.insert_chunks

    def swept_meanwhile(place: Place, rows: list[dict[str, object]]) -> None:
        insert(place, rows)
        monkeypatch.setattr(catalog, "_WRITER", "another process")
        monkeypatch.setattr(catalog, "LEASE_SECONDS", 0.0)
        versions = place.catalog.to_sweep(place.uid)
        place.delete_versions(versions)
        place.catalog.swept(place.uid, versions)

    with monkeypatch.context() as patch:
        patch.setattr(Place, "insert_chunks", swept_meanwhile)
        with pytest.raises(CollectionError, match=r"'b\.txt' was not stored: .*Add it again"):
            put(collection, WORDS, plain_document("b.txt", "A mole."))
    assert contents(collection) == before


def test_texts_longer_than_a_field_come_back(collection: MilvusCollection):
    text = "\u00e4 \U0001f989 owl " * 30_000
    long_name = "heading " * 9_000
    fields = (("note", "\u00fc" * 70_000), ("colour", "red"))
    chunk = Chunk("d", 2, len(text) - 3, text[2:-3], 9, None, long_name, fields, context="\u00df" * 40_000)
    short = replace(chunk, start=0, end=5, text=text[:5], heading="", fields=(), context="")
    document = Document("d", "long.txt", "text/plain", text, "s", notes=("n" * 100_000,))
    vectors = np.eye(2, 16, dtype=np.float32)
    collection.put_document(document, [chunk, short], vectors, WORDS.spec)
    assert collection.document("d") == document
    stored = collection.chunks_of("d")
    assert [replace(one, chunk_id=0) for one in stored] == [chunk, short]
    assert [row[8] for row in collection.chunk_properties()] == [chunk.context, ""]
    assert len(text.encode()) > 3 * layout.LARGEST_VARCHAR
    assert found_with_words(collection, "owl") == [one.chunk_id for one in stored[:1]]
    assert collection.engine().nearest(vectors[0], 5, SearchFilter(columns={"colour": ("red",)})).ids.tolist() == [
        stored[0].chunk_id
    ]


def found_with_words(collection: MilvusCollection, query: str) -> list[int]:
    return collection.engine().matching(query, 10, EVERYTHING).ids.tolist()


def test_words_of_all_scripts_are_found(collection: MilvusCollection):
    texts = ("Die Stra\u00dfe ist gesperrt.", "\u0441\u043e\u0432\u0430 \u043b\u0435\u0442\u0438\u0442",
             "\u6771\u4eac\u306b\u884c\u304f", "E-58 costs 3.5 or 1,000", "donau" + "dampf" * 6)  # fmt: skip
    put(collection, WORDS, *(plain_document(f"{i}.txt", text) for i, text in enumerate(texts)))
    ids = collection.chunk_ids().tolist()
    queries = ("strasse", "\u0441\u043e\u0432\u044b", "\u4eac", "e58", texts[4])
    assert [found_with_words(collection, query) for query in queries] == [[one] for one in ids]
    assert found_with_words(collection, "1000") == found_with_words(collection, "3,5") == [ids[3]]


def test_pieces_of_a_text_are_within_the_limit_and_whole():
    for text in ("", "owl", "\U0001f989" * 40_000, "a" + "\u00e4" * 65_000, "x" * layout.PIECE_BYTES):
        found = layout.pieces(text)
        assert "".join(found) == text
        assert max(len(piece.encode()) for piece in found) <= layout.PIECE_BYTES


def test_what_milvus_lost_is_noticed(collection: MilvusCollection):
    put(collection, WORDS, plain_document("a.txt", SENTENCES))
    collection._place.delete_versions(list(collection._place.snapshot().entries))
    missing = r"'c' is damaged: 0 of the \d+ chunks of document 'a\.txt' are there"
    for read in (collection.chunks, collection.stored_vectors, collection.chunk_properties, collection.chunk_digests):
        with pytest.raises(CollectionError, match=missing):
            read()
    with pytest.raises(CollectionError, match="'c' is damaged: a text is missing"):
        collection.document("id of a.txt")
    report = check_collection(config.data_dir(), "c")
    assert any("a.txt" in problem for problem in report.problems)


def test_a_sound_collection_is_reported_as_sound(collection: MilvusCollection):
    put(collection, WORDS, plain_document("a.txt", SENTENCES))
    (line,) = check_collection(config.data_dir(), "c").lines()
    assert line == f"c: sound (1 documents, {collection.n_chunks()} chunks)"


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_an_index_that_the_version_before_built_is_replaced(
    collection: MilvusCollection, data_dir: Path, is_interrupted: bool
):
    """Milvus Lite had an approximate index; if replacing it was interrupted, there is none."""
    put(collection, WORDS, plain_document("a.txt", SENTENCES))
    address, name = collection._place.address, layout.chunks_name(collection.uid)
    connected(address).release_collection(name)
    connected(address).drop_index(name, "vector_idx")
    if not is_interrupted:
        before = connected(address).prepare_index_params()
        before.add_index("vector", index_type="HNSW", metric_type="COSINE", params={"M": 32, "efConstruction": 200})
        connected(address).create_index(name, before)
    close_all()
    again = Collection.open(data_dir, "c")
    assert isinstance(again, MilvusCollection)
    assert found_in(again) == {"a.txt": again.n_chunks()}
    assert connected(address).describe_index(name, "vector")["index_type"] == "FLAT"
    assert sorted(connected(address).list_indexes(name)) == ["bm25", "document", "vector", "version"]


def test_an_interrupted_creation_leaves_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    home = milvus_home(data_dir)

    def fill_and_fail() -> None:
        with home.unfinished("Half", WORDS.spec, CHUNKING) as made:
            put(made, WORDS, plain_document("a.txt", "An owl."))
            assert home.names() == []
            raise OSError("stop")

    with pytest.raises(OSError, match="stop"):
        fill_and_fail()
    assert home.names() == []
    Collection.create(data_dir, "Half", WORDS.spec, CHUNKING)
    assert home.names() == ["Half"]


def test_an_unusable_database_is_an_error_that_says_so(tmp_path: Path):
    with pytest.raises(CollectionError, match=r"EXPLORER_DATABASE cannot be used.*unset it"):
        Database("no such thing")
    with pytest.raises(CollectionError, match=r"pip install 'embedding-explorer\[postgres\]'"):
        Database("postgresql+psycopg2://user:secret@localhost/x")
    (tmp_path / "damaged.db").write_bytes(b"no database" * 1000)
    with pytest.raises(CollectionError, match=r"damaged\.db' could not be read or written"):
        Database(f"sqlite:///{tmp_path}/damaged.db")
