"""Names of collections that begin with a file."""

from __future__ import annotations

import pytest

from rag.store.collection import Collection
from rag.store.names import name_from_file
from rag.types import ChunkingSpec, EmbeddingSpec


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("report.pdf", "report"),
        ("archive.tar.gz", "archive.tar"),
        ("Über uns (final)!.docx", "Über uns final"),
        ("../../etc/passwd", "passwd"),
        ("con.txt", "My documents"),
        ("???.csv", "My documents"),
        (".hidden", "hidden"),
        ("x" * 300 + ".txt", "x" * 55),
    ],
)
def test_a_file_names_a_collection(tmp_path, file_name, name):
    assert name_from_file(tmp_path, file_name) == name
    Collection.create(tmp_path, name, EmbeddingSpec("test/words", "1", 2), ChunkingSpec())
    assert name_from_file(tmp_path, file_name) == f"{name} 2"
