"""The app opens the collection that was used last, and none that is empty or damaged while another holds something."""

from __future__ import annotations

import os

import numpy as np

from rag.store.collection import Collection
from rag.store.last_used import collection_to_open, note_used
from rag.types import Chunk, ChunkingSpec, EmbeddingSpec
from tests.support.collections import plain_document

SPEC = EmbeddingSpec("test/words", "1", 2)


def made(folder, name: str, *, changed: int, text: str = "Owls hunt.") -> None:
    collection = Collection.create(folder, name, SPEC, ChunkingSpec())
    if text:
        document = plain_document("owls.txt", text)
        chunk = Chunk(document.document_id, 0, len(text), text, 3)
        collection.put_document(document, [chunk], np.array([[1.0, 0.0]], dtype=np.float32), SPEC)
    os.utime(collection.path, (changed, changed))


def test_the_last_used_one_opens(tmp_path):
    for number, name in enumerate("abc"):
        made(tmp_path, name, changed=1000 + number)
    assert collection_to_open(tmp_path) == "c"
    note_used(tmp_path, "b")
    assert collection_to_open(tmp_path) == "b"


def test_an_empty_or_deleted_or_damaged_one_does_not(tmp_path):
    assert collection_to_open(tmp_path) is None
    made(tmp_path, "emptied", changed=3000, text="")
    assert collection_to_open(tmp_path) == "emptied"
    made(tmp_path, "whole", changed=1000)
    (tmp_path / "broken.sqlite").write_bytes(b"nothing that SQLite knows")
    for name in ("emptied", "broken", "deleted"):
        note_used(tmp_path, name)
        assert collection_to_open(tmp_path) == "whole"


def test_a_folder_that_cannot_be_written_loses_only_the_memory(tmp_path):
    made(tmp_path, "whole", changed=1000)
    (tmp_path / ".last-used").mkdir()
    note_used(tmp_path, "whole")
    assert collection_to_open(tmp_path) == "whole"
