"""Every file has an outcome, work is not repeated, and stopping loses nothing that is in."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile

import pytest

from rag.documents.column_roles import ColumnRoles
from rag.documents.sources import SourceFile
from rag.ingest.pipeline import copy_documents, ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.support.fakes import WordEmbedder


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def collection(data_dir, words) -> Collection:
    return Collection.create(data_dir, "c", words.spec, ChunkingSpec())


def source(name: str, content: bytes, **options) -> SourceFile:
    return SourceFile(name, name, lambda: content, len(content), **options)


def take_in(collection, words, *files: SourceFile, **options):
    return list(ingest(collection, files, words, ReadHere(), **options))


def test_outcomes_come_in_the_order_of_the_files(collection, words):
    files = [
        source("a.txt", b"Ships sail."),
        source("bad.pdf", b"%PDF"),
        source("empty.txt", b"  "),
        source("b.txt", b"Owls hunt."),
    ]
    assert [one.outcome for one in take_in(collection, words, *files)] == ["added", "failed", "empty", "added"]
    again = take_in(collection, words, source("a.txt", b"Ships sail."), source("b.txt", b"Owls hunt at night."))
    assert [one.outcome for one in again] == ["unchanged", "replaced"]
    assert [chunk.text for chunk in collection.chunks()] == ["Ships sail.", "Owls hunt at night."]


def test_unchanged_files_are_not_embedded_again(collection, words):
    files = [source(f"{i}.txt", f"Text number {i} of many.".encode()) for i in range(20)]
    take_in(collection, words, *files)
    before = words.embedded
    assert {one.outcome for one in take_in(collection, words, *files)} == {"unchanged"}
    assert words.embedded == before == 20


def test_another_choice_of_text_column_replaces(collection, words):
    content = b"title,text\nOwls,they hunt at night\nShips,they sail by day\n"
    take_in(collection, words, source("t.csv", content, roles=ColumnRoles(("text",))))
    assert {chunk.text for chunk in collection.chunks()} == {"they hunt at night", "they sail by day"}
    assert take_in(collection, words, source("t.csv", content, roles=ColumnRoles(("title",))))[0].outcome == "replaced"
    assert {chunk.text for chunk in collection.chunks()} == {"Owls", "Ships"}
    assert collection.chunks()[0].fields == (("text", "they hunt at night"),)


def test_an_archive_gives_an_outcome_for_each_file_in_it(collection, words):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("notes/a.txt", "Ships sail.")
        archive.writestr("broken.pdf", "%PDF")
        archive.writestr("../../evil.txt", "Owls hunt.")
    outcomes = {one.path: one.outcome for one in take_in(collection, words, source("z.zip", packed.getvalue()))}
    assert outcomes["z.zip/notes/a.txt"] == "added"
    assert outcomes["z.zip/broken.pdf"] == "failed"
    assert all(".." not in document.name for document in collection.documents())


def test_cancelling_keeps_what_is_in(collection, words):
    cancelled = threading.Event()
    files = [source(f"{i}.txt", f"Text number {i}. ".encode() * 200) for i in range(200)]
    stream = ingest(collection, files, words, ReadHere(), cancelled=cancelled)
    first = next(stream)
    cancelled.set()
    rest = list(stream)
    names = {document.name for document in collection.documents()}
    assert first.outcome == "added"
    assert names == {one.path for one in [first, *rest]}
    assert len(names) < 200


@pytest.mark.parametrize("strategy", ["fixed", "recursive", "sentences", "semantic"])
def test_a_copy_with_another_splitting_holds_the_same_documents(data_dir, collection, words, strategy):
    take_in(collection, words, source("a.txt", b"One thing is said here. Another thing is said there. " * 30))
    target = Collection.create(data_dir, "copy", words.spec, ChunkingSpec(120, 0, strategy))
    assert [one.outcome for one in copy_documents(collection, target, words)] == ["added"]
    assert [d.sha256 for d in target.documents()] == [d.sha256 for d in collection.documents()]
    assert max(chunk.n_tokens for chunk in target.chunks()) <= 120


def test_a_text_in_another_language_is_warned_of(data_dir, words):
    words.spec = words.spec.__class__("sentence-transformers/all-MiniLM-L6-v2", "1", words.spec.dimension)
    collection = Collection.create(data_dir, "de", words.spec, ChunkingSpec())
    german = "Die Eule jagt in der Nacht, und das Schiff fährt am Tag über das weite, ruhige Meer nach Süden. " * 3
    reason = take_in(collection, words, source("de.txt", german.encode()))[0].reason
    assert "German" in reason
    assert "multilingual" in reason


def test_a_file_is_known_by_its_sha256(collection, words):
    for content in (b"Owls hunt at night.", b"Owls sleep by day."):
        take_in(collection, words, source("owls.txt", content))
        assert [summary.sha256 for summary in collection.documents()] == [hashlib.sha256(content).hexdigest()]
        assert take_in(collection, words, source("owls.txt", content))[0].outcome == "unchanged"
