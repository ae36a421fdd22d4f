"""Killed at any moment, a collection opens, is sound, and holds every document wholly or not at all."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rag import config
from rag.chunking.chunker import chunk_document
from rag.documents.loading import load_document
from rag.documents.sources import find_files
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.support.collections import QuickEmbedder, long_text, require_sound

KILLS = int(os.environ.get("EXPLORER_KILLS", "10"))
N_FILES = 30
LONGEST = 4000
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill without notice"),
]

Stored = tuple[tuple[str, bytes], ...]
"""What a document is in a collection: its chunks' texts and vectors, in order."""


@contextmanager
def running(*command: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """The process, without a console; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=config.ROOT,
        env={**os.environ, **settings},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def stored_in(collection: Collection) -> dict[str, Stored]:
    """By name, what each document is."""
    ids, vectors = collection.embeddings()
    blobs = {int(chunk_id): vector.tobytes() for chunk_id, vector in zip(ids, vectors, strict=True)}
    return {
        summary.name: tuple((chunk.text, blobs[chunk.chunk_id]) for chunk in collection.chunks_of(summary.document_id))
        for summary in collection.documents()
    }


def write_files(folder: Path, seed: int, numbers: range) -> None:
    folder.mkdir(exist_ok=True)
    chosen = random.Random(seed)
    for i in numbers:
        n_sentences = LONGEST if i % 10 == 3 else chosen.randrange(1, 400)
        (folder / f"{i:02}.txt").write_text(long_text(1000 * seed + i, n_sentences))


def take_in(collection: Collection, folder: Path) -> dict[str, Stored]:
    assert {one.outcome for one in ingest(collection, find_files([folder]), QuickEmbedder(), ReadHere())} <= {
        "added",
        "replaced",
        "unchanged",
    }
    return stored_in(collection)


@dataclass
class Scene:
    """A collection of twenty documents, and a folder in which ten of them have changed and ten are new."""

    folder: Path
    files: Path
    first: Path
    before: dict[str, Stored]
    after: dict[str, Stored]
    progress: list[int] = field(default_factory=list)

    def start_again(self) -> None:
        self.folder.mkdir(exist_ok=True)
        shutil.copy(self.first, self.folder / "c.sqlite")

    def n_to_do(self, stored: dict[str, Stored]) -> int:
        return sum(stored.get(name) != document for name, document in self.after.items())

    def kill_somewhere(self, to_do: int, chosen: random.Random) -> bool:
        """Kill an ingest a random moment after a random document is in; returns whether that came before its end."""
        more = chosen.randrange(to_do)
        with running("tests.support.processes.ingest", str(self.folder), "c", str(self.files)) as process:
            assert process.stdout.readline() == "begun\n"
            while more and (line := process.stdout.readline()):
                more -= not line.startswith("unchanged")
            try:
                process.wait(timeout=chosen.random() * 0.05)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
        return process.returncode == -signal.SIGKILL

    def journal(self) -> int:
        """When the file that belongs to a change was last written to; 0 where there is none."""
        path = self.folder / "c.sqlite-journal"
        return path.stat().st_mtime_ns if path.exists() else 0

    def require_whole(self) -> int:
        """Every document is what a clean ingest makes of its old or new file; returns how many are still to come."""
        require_sound(self.folder / "c.sqlite")
        stored = stored_in(Collection.open(self.folder, "c"))
        for name, document in stored.items():
            assert document in (self.before.get(name), self.after.get(name)), name
        assert self.before.keys() <= stored.keys()
        return self.n_to_do(stored)


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Scene:
    base = tmp_path_factory.mktemp("kill")
    chunking = ChunkingSpec(200, 20)
    write_files(base / "files", 1, range(20))
    first = Collection.create(base / "first", "c", QuickEmbedder().spec, chunking)
    before = take_in(first, base / "files")
    write_files(base / "files", 2, range(10, N_FILES))
    after = take_in(Collection.create(base / "clean", "c", QuickEmbedder().spec, chunking), base / "files")
    return Scene(base / "killed", base / "files", first.path, before, after)


def test_killed_at_random_moments(scene):
    chosen = random.Random(20)
    kills = in_the_middle = in_a_change = to_do = 0
    while kills < KILLS:
        if to_do < 5:
            scene.start_again()
            to_do = scene.require_whole()
            assert to_do == 20
        journal = scene.journal()
        if scene.kill_somewhere(to_do, chosen):
            kills += 1
            in_a_change += scene.journal() not in (0, journal)
            left = scene.require_whole()
            in_the_middle += 0 < left < to_do
            to_do = left
        else:
            to_do = scene.require_whole()
            assert to_do == 0
    print(f"{kills} kills: {in_the_middle} between the first and the last document, {in_a_change} within a change")
    assert in_the_middle >= KILLS // 2
    assert take_in(Collection.open(scene.folder, "c"), scene.files) == scene.after
    require_sound(scene.folder / "c.sqlite")


HALF_WRITTEN = """
import sys
from pathlib import Path
from rag.store.sqlite import schema
from rag.chunking.chunker import chunk_document
from rag.store.collection import Collection
from tests.support.collections import long_text, plain_document
from rag.types import Chunk
import numpy as np

collection = Collection.open(Path(sys.argv[1]), "c")
text = long_text(9, 40_000)
document = plain_document("00.txt", text)
chunks = [Chunk(document.document_id, i, i + 100, text[i : i + 100], 100) for i in range(0, len(text) - 100, 100)]
vectors = np.eye(1, 16, dtype=np.float32).repeat(len(chunks), axis=0)
# Not by `writing`: without its setting, pages go into the file before the commit, as in the middle of a commit.
connection = schema.connect(collection.path)
connection.execute("PRAGMA foreign_keys = ON")
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM documents")
schema.insert_document(connection, document, chunks, range(10**6, 10**6 + len(chunks)), vectors)
print("half written", flush=True)
sys.stdin.read()
"""


def test_killed_when_half_a_change_is_in_the_file(scene, tmp_path):
    (tmp_path / "half_written.py").write_text(HALF_WRITTEN)
    scene.start_again()
    path = scene.folder / "c.sqlite"
    whole = path.read_bytes()
    places = os.pathsep.join([str(tmp_path), str(config.ROOT)])
    with running("half_written", str(scene.folder), PYTHONPATH=places) as process:
        assert process.stdout.readline() == "half written\n"
        process.kill()
    assert path.read_bytes()[: len(whole)] != whole
    assert (scene.folder / "c.sqlite-journal").stat().st_size > 0
    assert scene.require_whole() == 20
    assert stored_in(Collection.open(scene.folder, "c")) == scene.before
    assert path.read_bytes() == whole


@pytest.mark.parametrize("n_added", range(3, 3 + max(1, KILLS // 100)))
def test_the_command_line_killed_in_the_middle(data_dir, tmp_path, embedder, n_added):
    texts = {f"{i:02}.txt": long_text(i, 50) for i in range(14)}
    (tmp_path / "files").mkdir()
    for name, text in texts.items():
        (tmp_path / "files" / name).write_text(text)
    command = ("rag", "ingest", str(tmp_path / "files"), "--collection", "k", "--max-tokens", "20")
    with running(*command, EXPLORER_CACHE_DIR=str(tmp_path / "cache")) as process:
        while n_added and (line := process.stdout.readline()):
            n_added -= line.startswith("added:")
        assert n_added == 0
        process.kill()
    assert process.returncode == -signal.SIGKILL
    collection = Collection.open(data_dir, "k")
    require_sound(collection.path)
    chunking, found = collection.spec.chunking, stored_in(collection)
    assert 3 <= len(found) < len(texts)
    for name, document in found.items():
        clean = chunk_document(load_document(name, texts[name].encode()), chunking, embedder.window, embedder.tokenizer)
        assert [text for text, _ in document] == [chunk.text for chunk in clean]
    files = find_files([tmp_path / "files"])
    again = [one.outcome for one in ingest(collection, files, embedder, ReadHere())]
    assert (again.count("unchanged"), again.count("added")) == (len(found), len(texts) - len(found))
    assert found.items() <= stored_in(collection).items()
