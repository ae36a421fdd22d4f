"""The story of a file: load -> chunk -> embed -> store, with an outcome for every one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from rag.chunking import chunk_document
from rag.collection import Collection
from rag.errors import DocumentError, ExplorerError
from rag.loading import MEDIA_TYPES, load_document
from rag.types import Embedder

Outcome = Literal["added", "replaced", "unchanged", "empty", "failed"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read when its turn comes: `path` is how the person named it, `name` how the collection will."""

    path: str
    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of a file; `reason` is a sentence where it is empty or failed."""

    path: str
    outcome: Outcome
    reason: str
    chunks: int


def find_files(paths: Sequence[Path]) -> list[SourceFile]:
    """The files named, and the readable files in the folders named, each with a name of its own.

    A file in a folder is named by its path below that folder. Hidden files are passed over.
    """
    found: list[tuple[Path, str]] = []
    for path in paths:
        if not path.is_dir():
            found.append((path, path.name))
            continue
        for inner in sorted(path.rglob("*")):
            below = inner.relative_to(path)
            if inner.is_file() and inner.suffix.lower() in MEDIA_TYPES and not _hidden(below):
                found.append((inner, below.as_posix()))
    names = [name for _, name in found]
    return [
        SourceFile(str(path), name if names.count(name) == 1 else path.as_posix().lstrip("./"), partial(_read, path))
        for path, name in found
    ]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(
            f"'{path.name}' could not be read: {error.strerror}. Check the path and its rights."
        ) from error


def ingest(collection: Collection, files: Sequence[SourceFile], embedder: Embedder) -> Iterator[FileOutcome]:
    """Take the files in, one transaction each; yields an outcome as each is done. Stopping loses nothing that is in.

    Raises:
        ModelMismatch: the collection was built with another embedding model.
    """
    collection.require_model(embedder.spec)
    stored = {summary.name: summary for summary in collection.documents()}
    for file in files:
        try:
            content = file.read()
            before = stored.get(file.name)
            if before and before.sha256 == hashlib.sha256(content).hexdigest():
                yield FileOutcome(file.path, "unchanged", "", before.n_chunks)
                continue
            yield _ingest_one(collection, file, content, embedder, replaces=before is not None)
        except ExplorerError as error:
            yield FileOutcome(file.path, "failed", str(error), 0)


def _ingest_one(
    collection: Collection, file: SourceFile, content: bytes, embedder: Embedder, *, replaces: bool
) -> FileOutcome:
    document = load_document(file.name, content)
    chunks = chunk_document(document, collection.spec.chunking, embedder.window, embedder.count_tokens)
    if not chunks:
        reason = f"'{file.name}' holds no text. A scanned document needs text recognition (OCR) first."
        return FileOutcome(file.path, "empty", reason, 0)
    vectors = embedder.encode_documents([chunk.text for chunk in chunks])
    collection.put_document(document, chunks, vectors, embedder.spec)
    return FileOutcome(file.path, "replaced" if replaces else "added", "", len(chunks))
