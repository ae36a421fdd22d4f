"""Pages of a collection that cannot be written, or that is damaged: they work, or show a sentence that says why."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext

import pytest
import streamlit as st

from rag.runtime import artifacts
from rag.store.collection import Collection
from rag.transfer.files import delete_collection
from tests.pages.support.app import answer_texts, button, open_dialog, start, texts
from tests.support.unwritable import full_disk, read_only_mount

PAGES = (
    "", "documents.py", "neighbors.py", "search.py", "chat.py", "vector_arithmetic.py", "compare_models.py",
    "data_quality.py", "index_benchmark.py", "models.py",
)  # fmt: skip
QUERIES = {"": "banks", "neighbors.py": "banks"}
WHY = {"read-only folder": "its file or folder cannot be written.", "full disk": "the disk is full. Free some space"}


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    st.cache_resource.clear()
    monkeypatch.setattr(artifacts, "_in_memory", type(artifacts._in_memory)())
    monkeypatch.setattr(artifacts, "_reasons", {})


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["read-only folder", "full disk", "file in the place of the cache"])
def test_every_page_works_when_nothing_can_be_written(sample_without_caches, trouble):
    folder = sample_without_caches.path.parent
    if trouble == "file in the place of the cache":
        sample_without_caches.cache_folder.write_bytes(b"")
    block = {"read-only folder": read_only_mount, "full disk": full_disk}.get(trouble, nullcontext)
    with block(folder):
        for page in PAGES:
            app = start(page, **({"query": QUERIES[page]} if page in QUERIES else {}))
            assert not app.exception, page
            assert not app.error, (page, [error.value for error in app.error])
            assert ("This collection is read-only" in texts(app)) == (trouble in WHY), (page, texts(app))
            assert WHY.get(trouble, "") in texts(app)
            if page == "":
                assert texts(app).count("could not be saved in 'Sample.cache'") == 1


def test_controls_of_a_read_only_collection_say_why_they_are_off(sample):
    with read_only_mount(sample.path.parent):
        app = start("documents.py")
        assert "Adding, deleting and renaming are off" in texts(app)
        assert not app.file_uploader
        for dialog in ("_rename", "_delete"):
            app = open_dialog(dialog)
            assert "Adding, deleting and renaming are off" in "".join(one.value for one in app.info)
            assert not app.button, dialog
        assert not button(open_dialog("_re_embed"), "Re-embed").disabled


@pytest.mark.parametrize("trouble", WHY)
def test_chat_with_a_read_only_collection_is_kept_in_memory(sample, server, trouble):
    before = sample.path.read_bytes()
    with {"read-only folder": read_only_mount, "full disk": full_disk}[trouble](sample.path.parent):
        app = start("chat.py")
        app.chat_input[0].set_value("How many days of paid leave do full-time staff have?").run()
        assert not app.exception
        assert not app.error
        assert len(answer_texts(app)) == 1
        app = start("chat.py", conversation="1")
        assert len(answer_texts(app)) == 1
    assert sample.path.read_bytes() == before


def test_a_collection_on_a_full_disk_can_be_deleted(sample):
    with full_disk(sample.path.parent):
        assert sample.is_read_only
        app = start("documents.py")
        assert "Adding and deleting documents is off" in texts(app)
        assert not button(open_dialog("_delete"), "Delete").disabled
        delete_collection(sample.path.parent, "Sample")
        assert not sample.path.exists()


def harm(collection: Collection, statement: str) -> None:
    with closing(sqlite3.connect(collection.path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("page", ["", "neighbors.py", "search.py", "chat.py", "data_quality.py"])
def test_damaged_embeddings_are_named(sample_without_caches, page):
    first = "(SELECT min(chunk_id) FROM chunks JOIN documents USING (document_id) WHERE name = 'topics.csv')"
    harm(
        sample_without_caches,
        "UPDATE embeddings SET vector = (SELECT vector FROM embeddings ORDER BY chunk_id DESC LIMIT 1) "
        f"WHERE chunk_id = {first}",
    )
    app = start(page, query="banks")
    assert not app.exception
    assert "the embeddings of document 'topics.csv' differ from what was stored" in texts(app)


def test_a_damaged_text_is_named_and_its_document_can_be_deleted(sample):
    chunk = sample.chunks()[0]
    name = sample.document_names([chunk.document_id])[chunk.document_id]
    harm(sample, f"UPDATE chunks SET text = text || '.' WHERE chunk_id = {chunk.chunk_id}")
    app = start("documents.py", chunk=str(chunk.chunk_id))
    assert not app.exception
    assert f"a chunk of document '{name}' differs from what was stored" in texts(app)
    sample.delete_document(chunk.document_id)
    app = start("documents.py")
    assert "differs from what was stored" not in texts(app)
