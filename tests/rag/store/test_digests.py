"""A flipped bit is a sentence that names what is damaged, or has no effect; it never gives another text or vector."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rag.cli.main import main
from rag.errors import CollectionError
from rag.store.chunk_table import ChunkTable, ids_containing
from rag.store.collection import Collection
from rag.store.sqlite.check import check_collection
from rag.transfer.files import export_collection, import_collection
from rag.transfer.selected_chunks import copy_chunks
from tests.support.collections import (
    CHUNKING,
    contents,
    long_text,
    plain_document,
    put,
    rich_collection,
    search_words,
    take_back_to,
)
from tests.support.fakes import WordEmbedder

FLIPS = 150


def shown(collection: Collection) -> object:
    """Everything that pages and commands show of documents, chunks and vectors."""
    table = ChunkTable.of(collection)
    some = collection.chunk_ids().tolist()[::3]
    return (
        contents(collection), collection.documents(), collection.document_names(), collection.chunks(some),
        [collection.chunks_of(one.document_id) for one in collection.documents()], collection.n_chunks(),
        collection.chunk_ids().tolist(), table.document_of_each(), table.n_tokens.tolist(), dict(table.columns),
        search_words(collection, "owl word7 s\u00e9a"), sorted(ids_containing(collection, "OWL")),
        collection.setting("prompt"),
    )  # fmt: skip


def filled(folder: Path) -> Collection:
    """Documents of several kinds; one of them is long."""
    words = WordEmbedder()
    collection = rich_collection(folder, "Birds", words)
    put(collection, words, plain_document("long.txt", long_text(3, 150)))
    collection.set_setting("prompt", "Answer in one sentence.")
    return collection


def test_flipped_bits_are_named_or_have_no_effect(tmp_path):
    """Each call of a reading is tried alone: an error of one must not hide what another shows."""
    original = filled(tmp_path / "good")
    whole, wanted = original.path.read_bytes(), shown(original)
    chosen, problems, named = random.Random(11), [], 0
    for number in range(FLIPS):
        damaged, place, bit = bytearray(whole), chosen.randrange(len(whole)), chosen.randrange(8)
        damaged[place] ^= 1 << bit
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "Birds.sqlite").write_bytes(damaged)
        try:
            if shown(Collection.open(folder, "Birds")) != wanted:
                problems.append(f"byte {place}, bit {bit}: another content")
        except CollectionError as error:
            named += 1
            if "Birds" not in str(error):
                problems.append(f"byte {place}, bit {bit}: {error}")
        except Exception as error:  # noqa: BLE001 - the test names every other error
            problems.append(f"byte {place}, bit {bit}: {error!r}")
    assert not problems, "\n".join(problems)
    assert named > FLIPS / 4


PARTS = {
    "chunks": "UPDATE chunks SET text = replace(text, 'night', 'noght') WHERE document_id = 'd1'",
    "text": "UPDATE documents SET text = replace(text, 'night', 'noght') WHERE document_id = 'd1'",
    "entry": "UPDATE documents SET name = 'notes/rfport.pdf' WHERE document_id = 'd1'",
    "embeddings": "UPDATE embeddings SET vector = (SELECT vector FROM embeddings ORDER BY chunk_id DESC LIMIT 1) "
    "WHERE chunk_id = (SELECT min(chunk_id) FROM chunks WHERE document_id = 'd1')",
    "order": "UPDATE chunks SET start = start + 1 WHERE document_id = 'd1'",
}


def harm(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("part", PARTS)
def test_the_damaged_document_is_named_and_the_others_can_be_read(data_dir, part, capsys):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    harm(collection.path, PARTS[part])
    with pytest.raises(CollectionError, match=r"'Birds' is damaged: .* of document 'notes/r[ef]port\.pdf'"):
        shown(collection)
    assert collection.chunks_of("d2")
    assert collection.document("d3").name.startswith("<b>odd")
    assert main(["check", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["collections"]
    assert any("port.pdf'" in problem for problem in row["problems"])


def test_the_sentence_of_damaged_embeddings(data_dir):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    harm(collection.path, PARTS["embeddings"])
    with pytest.raises(CollectionError) as caught:
        collection.embeddings()
    assert str(caught.value) == (
        "Collection 'Birds' is damaged: the embeddings of document 'notes/report.pdf' differ from what was "
        "stored. Delete the damaged document and add its file again, or restore a copy of the collection."
    )


def test_a_damaged_document_can_be_deleted_and_added_again(data_dir):
    words = WordEmbedder()
    collection = rich_collection(data_dir, "Birds", words)
    harm(collection.path, PARTS["chunks"])
    collection.delete_document("d1")
    assert search_words(collection, "owl")
    assert check_collection(data_dir, "Birds").problems == ()
    put(collection, words, plain_document("again.txt", "The owl hunts at night."))
    assert "again.txt" in collection.document_names().values()


def test_a_damaged_word_index_is_made_again(data_dir):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    wanted = search_words(collection, "owl")
    (path,) = collection.cache_folder.glob("words-*")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    assert check_collection(data_dir, "Birds").problems == ()
    assert search_words(collection, "owl") == wanted
    assert path.read_bytes() == whole


def test_damage_does_not_travel(data_dir, tmp_path):
    """A copy of a damaged document would have digests that fit: export, import and copies refuse it."""
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    ids = collection.chunk_ids().tolist()
    harm(collection.path, PARTS["embeddings"])
    for attempt in (
        lambda: export_collection(collection, tmp_path / "out"),
        lambda: import_collection(data_dir, collection.path, "Copy"),
        lambda: copy_chunks(collection, data_dir, "Part", ids),
    ):
        with pytest.raises(CollectionError, match=r"damaged: .*'notes/report\.pdf'"):
            attempt()


def test_a_damaged_setting_is_named(data_dir):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    collection.set_setting("prompt", "Answer briefly.")
    harm(collection.path, "UPDATE meta SET value = 'Answer brie\u0166ly.' WHERE key = 'prompt'")
    with pytest.raises(CollectionError, match=r"'Birds' is damaged: its setting 'prompt'"):
        collection.setting("prompt")
    collection.set_setting("prompt", "Answer briefly.")
    assert collection.setting("prompt") == "Answer briefly."


def test_a_damaged_description_is_named(data_dir):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    harm(collection.path, "UPDATE meta SET value = replace(value, '60', '61') WHERE key = 'spec'")
    with pytest.raises(CollectionError, match=r"'Birds\.sqlite'.*its description differs from what was stored"):
        Collection.open(data_dir, "Birds")


@pytest.mark.parametrize("version", [2, 3, 4, 5, 6, 7])
def test_an_old_collection_gets_digests_and_loses_nothing(data_dir, version):
    collection = filled(data_dir)
    wanted = shown(collection)
    take_back_to(collection.path, version)
    migrated = Collection.open(data_dir, "Birds")
    assert shown(migrated) == wanted
    harm(collection.path, PARTS["chunks"])
    with pytest.raises(CollectionError, match=r"notes/report\.pdf"):
        migrated.chunks_of("d1")


def test_check_prints_a_line_for_each_collection(data_dir, capsys):
    rich_collection(data_dir, "Birds", WordEmbedder())
    Collection.create(data_dir, "Empty", WordEmbedder().spec, CHUNKING)
    assert main(["check"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Birds: sound (3 documents, 14 chunks)", "Empty: sound (0 documents, 0 chunks)",
    ]  # fmt: skip
    harm(data_dir / "Birds.sqlite", PARTS["text"])
    assert main(["check", "--collection", "Birds"]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Birds: damaged"
    assert "the text of document 'notes/report.pdf' differs from what was stored" in second
    assert main(["check", "--collection", "None"]) == 1
    assert "no collection named 'None'" in capsys.readouterr().err


def test_check_names_the_document_of_a_text_that_cannot_be_decoded(data_dir):
    collection = rich_collection(data_dir, "Birds", WordEmbedder())
    harm(collection.path, "UPDATE chunks SET text = CAST(x'c328' AS TEXT) WHERE document_id = 'd2'")
    problems = check_collection(data_dir, "Birds").problems
    assert any(one.startswith("Document 'table.csv': ") and "decode" in one for one in problems)


def test_one_damaged_collection_does_not_hide_the_others(data_dir, capsys):
    rich_collection(data_dir, "Birds", WordEmbedder())
    (data_dir / "Bad.sqlite").write_bytes(b"no database" * 100)
    assert main(["collections", "--json"]) == 1
    bad, birds = json.loads(capsys.readouterr().out)["collections"]
    assert "'Bad.sqlite' is not a readable collection" in bad["error"]
    assert birds["chunks"] == 14
    assert main(["check"]) == 1
    assert "Birds: sound" in capsys.readouterr().out
