"""Files -> documents -> chunks: exact spans, nothing lost, nothing too long."""

from __future__ import annotations

import json

import pytest

from rag import config
from rag.chunking import chunk_document
from rag.errors import DocumentError
from rag.ingest import find_files
from rag.loading import load_document
from rag.types import ChunkingSpec

HANDBOOK = sorted((config.SAMPLES / "handbook").iterdir())
QUESTIONS = [json.loads(line) for line in (config.SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("path", [*HANDBOOK, config.SAMPLES / "topics.csv"], ids=lambda path: path.name)
@pytest.mark.parametrize("chunking", [ChunkingSpec(), ChunkingSpec(40, 10)], ids=str)
def test_chunks_are_exact_spans_and_lose_nothing(path, chunking, embedder):
    document = load_document(path.name, path.read_bytes())
    chunks = chunk_document(document, chunking, embedder.window, embedder.count_tokens)
    assert chunks
    covered = [False] * len(document.text)
    for chunk in chunks:
        assert document.text[chunk.start : chunk.end] == chunk.text
        assert chunk.n_tokens == embedder.count_tokens([chunk.text])[0] <= chunking.max_tokens
        covered[chunk.start : chunk.end] = [True] * (chunk.end - chunk.start)
    assert all(seen or letter.isspace() for seen, letter in zip(covered, document.text, strict=True))


def test_a_chunk_never_exceeds_the_window(embedder):
    document = load_document("long.txt", ("word " * 5000 + "x" * 5000).encode())
    chunks = chunk_document(document, ChunkingSpec(max_tokens=10_000), embedder.window, embedder.count_tokens)
    assert max(chunk.n_tokens for chunk in chunks) <= embedder.window == 254


@pytest.mark.parametrize("item", QUESTIONS, ids=lambda item: item["document"])
def test_every_sample_passage_is_in_its_document(item):
    path = config.SAMPLES / "handbook" / item["document"]
    assert item["passage"] in load_document(path.name, path.read_bytes()).text


def test_a_row_is_a_chunk_with_its_other_columns(embedder):
    document = load_document("t.csv", b"topic,text\nA," + b"first passage " * 8 + b"\nB," + b"second one " * 8 + b"\n")
    chunks = chunk_document(document, ChunkingSpec(), embedder.window, embedder.count_tokens)
    assert [chunk.fields for chunk in chunks] == [(("topic", "A"),), (("topic", "B"),)]


def test_pages_and_headings_are_kept(embedder):
    path = config.SAMPLES / "handbook" / "workshop-manual.pdf"
    chunks = chunk_document(
        load_document(path.name, path.read_bytes()), ChunkingSpec(), embedder.window, embedder.count_tokens
    )
    assert {chunk.page for chunk in chunks} == {1, 2}
    document = load_document("h.md", b"# A\n\nfirst\n\n## B\n\nsecond\n\n# C\n\nthird")
    assert [heading.path for heading in document.headings] == ["A", "A > B", "C"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_in_other_encodings(encoding):
    text = "Über die Brücke führt ein schöner Weg zum Café. " * 4
    assert load_document("u.txt", text.encode(encoding)).text == text.strip()


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.pdf", b"%PDF-1.4 nothing"), ("a.docx", b"PK broken"), ("a.json", b"{"), ("a.exe", b"MZ"), ("noext", b"text")],
)
def test_unreadable_files_are_named(name, content):
    with pytest.raises(DocumentError, match=name):
        load_document(name, content)


def test_equal_names_in_two_folders_stay_apart(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_text(folder)
    names = {file.name for file in find_files([tmp_path / "one", tmp_path / "two"])}
    assert len(names) == 2
