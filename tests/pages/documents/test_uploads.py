"""Uploads: a long table answers from its first rows, and a file of a stored document's name asks before it replaces."""

from __future__ import annotations

import pytest

from pages.shared.session import resources
from rag.documents.sandbox.reader import DocumentReader
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.pages.support.app import button, labelled, start, texts, wait_for_jobs

OWLS, MOLES = b"Owls hunt at night over the fields.", b"Moles dig long tunnels under the garden."
IN_COLLECTION = r"A document named notes\.txt is in this collection already"


@pytest.fixture
def empty(data_dir, embedder) -> Collection:
    data_dir.mkdir()
    (data_dir / ".sample-made").touch()
    return Collection.create(data_dir, "Empty", embedder.spec, ChunkingSpec())


def upload(app, *files: tuple[str, bytes]):
    app.file_uploader[0].set_value([(name, content, "text/plain") for name, content in files])
    return app.run()


def add(app, collection: Collection) -> None:
    button(app, "Add ").click().run()
    wait_for_jobs(app, collection)


def stored(collection: Collection) -> dict[str, str]:
    return {one.name: collection.document(one.document_id).text for one in collection.documents()}


def test_a_table_of_twenty_thousand_rows_offers_its_columns_from_the_first(empty, monkeypatch):
    read = []

    class Watched(DocumentReader):
        def table_columns(self, name, content):
            columns = super().table_columns(name, content)
            read.append(columns.n_rows)
            return columns

        def read(self, name, content, **options):
            document = super().read(name, content, **options)
            read.append(len(document.rows))
            return document

    monkeypatch.setattr(resources, "DocumentReader", Watched)
    resources._first_reader.clear()
    rows = [f"T-{i},Hull,The pump in yard {i} does not start." for i in range(20_000)]
    app = upload(start("documents.py"), ("tickets.csv", "\n".join(["ticket,city,description", *rows]).encode()))
    assert labelled(app.selectbox, "description").value == "text"
    assert "each value is different" in texts(app)
    assert read
    assert max(read) < 5_000
    resources._first_reader.clear()


def test_two_files_of_one_name_are_two_documents(empty):
    app = upload(start("documents.py"), ("notes.txt", OWLS), ("notes.txt", MOLES))
    add(app, empty)
    assert stored(empty) == {"notes.txt": OWLS.decode(), "notes (2).txt": MOLES.decode()}


@pytest.mark.parametrize(("choice", "n_documents"), [("Replace the stored one", 1), ("Keep both", 2)])
def test_a_file_of_a_stored_name_replaces_it_or_is_kept_as_well(empty, choice, n_documents):
    app = upload(start("documents.py"), ("notes.txt", OWLS))
    assert not app.radio
    add(app, empty)
    upload(app, ("notes.txt", MOLES))
    asked = labelled(app.radio, IN_COLLECTION)
    assert asked.value == "Replace the stored one"
    asked.set_value(choice).run()
    add(app, empty)
    assert len(stored(empty)) == n_documents
    assert MOLES.decode() in stored(empty).values()


def test_a_pasted_text_never_replaces_another(empty):
    app = start("documents.py")
    for text in (OWLS, MOLES):
        labelled(app.text_area, "Text").input(text.decode())
        button(app, "Add text").click().run()
        wait_for_jobs(app, empty)
    assert stored(empty) == {"Pasted text.txt": OWLS.decode(), "Pasted text (2).txt": MOLES.decode()}
    assert "It is named" in texts(app) or "It is named" in str(app.dataframe[0].value["details"].tolist())
