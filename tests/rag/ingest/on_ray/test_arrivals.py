"""What workers send becomes the collection that a single process makes, whatever is lost, repeated or guessed wrongly.

The workers run in the test's process, without Ray.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.documents.sources import SourceFile, find_files
from rag.errors import ExplorerError
from rag.ingest.on_ray.arrivals import Arrivals
from rag.ingest.on_ray.dataset import _groups
from rag.ingest.on_ray.records import PartRecord, Record, StepRecord, decode, encode
from rag.ingest.on_ray.worker import GROUP, RECORD, FileWorker, LoadEmbedder, WorkerTask, encode_group
from rag.ingest.outcomes import FileOutcome, no_report
from rag.ingest.pipeline import ingest, namer, prepare
from rag.ingest.storing import store_steps
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere
from tests.support.collections import contents
from tests.support.fakes import DigestEmbedder

CHUNKING = ChunkingSpec(max_tokens=60, min_tokens=0, overlap=0)
LONG = "\n\n".join(f"Paragraph {number} of a long text." for number in range(200))


@pytest.fixture(autouse=True)
def small_parts_read_here(monkeypatch):
    """Parts of about 1,000 characters; files are read without a process of their own."""
    from rag.chunking.parts import document_parts

    monkeypatch.setattr("rag.chunking.chunker.document_parts", lambda document: document_parts(document, 1_000))
    monkeypatch.setattr("rag.ingest.on_ray.worker.DocumentReader", ReadHere)


class ReadHereOnce(ReadHere):
    """ReadHere as a context manager, like the reader in whose place it is."""

    def __enter__(self) -> ReadHereOnce:
        return self

    def __exit__(self, *exception: object) -> None: ...


class Scene:
    """An empty collection, and another into which a single process puts the same files."""

    def __init__(self, folder: Path) -> None:
        self.embedder = DigestEmbedder()
        self.here, self.sent = (
            Collection.create(folder, name, self.embedder.spec, CHUNKING) for name in ("here", "sent")
        )

    def records(
        self,
        files: Sequence[SourceFile],
        numbers: Sequence[int] | None = None,
        *,
        load: LoadEmbedder = DigestEmbedder,
        revision: str = "1",
    ) -> list[Record]:
        """What a new worker sends about these files, or those with these numbers."""
        known = prepare(self.sent, files, self.embedder.spec)
        worker = FileWorker(WorkerTask(CHUNKING, replace(self.embedder.spec, revision=revision), known, load))
        chosen = range(len(files)) if numbers is None else numbers
        row = {GROUP: encode_group([(number, files[number]) for number in chosen])}
        return [decode(one[RECORD]) for one in worker(row)]

    def store(self, files: Sequence[SourceFile], *rounds: Sequence[Record]) -> tuple[list[FileOutcome], set[int]]:
        """The outcomes after these records arrived, and the numbers of the missing files."""
        known = prepare(self.sent, files, self.embedder.spec)
        arrivals = Arrivals(files, CHUNKING, known, namer(known.names()), self.embedder)

        def steps() -> Iterator:
            for records in rounds:
                arrivals.begin_round()
                for record in records:
                    yield from arrivals.steps(record)

        return list(store_steps(self.sent, steps(), self.embedder.spec, no_report)), arrivals.missing

    def require_same(self, files: Sequence[SourceFile], outcomes: Sequence[FileOutcome]) -> None:
        expected = list(ingest(self.here, files, self.embedder, ReadHere()))
        assert list(outcomes) == expected
        assert contents(self.sent) == contents(self.here)


@pytest.fixture
def scene(data_dir) -> Scene:
    return Scene(data_dir)


@pytest.fixture
def files(tmp_path) -> list[SourceFile]:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("Ships sail.")
    (folder / "b.txt").write_text(LONG)
    (folder / "c.pdf").write_bytes(b"%PDF")
    (folder / "d.txt").write_text("  ")
    with zipfile.ZipFile(folder / "e.zip", "w") as archive:
        archive.writestr("owls.txt", "Owls hunt.")
        archive.writestr("long.txt", LONG)
        archive.writestr("broken.pdf", "%PDF")
    return find_files([folder])


def test_records_become_the_collection_of_a_single_process(scene, files):
    outcomes, missing = scene.store(files, scene.records(files))
    assert missing == set()
    assert [one.outcome for one in outcomes].count("added") == 4
    scene.require_same(files, outcomes)


def test_unchanged_and_changed_files_are_known(scene, files):
    scene.require_same(files, scene.store(files, scene.records(files))[0])
    Path(files[0].path).write_text("Ships sail at night.")
    outcomes, _ = scene.store(files, scene.records(files))
    assert [one.outcome for one in outcomes] == [
        "replaced",
        "unchanged",
        "failed",
        "empty",
        "unchanged",
        "unchanged",
        "failed",
    ]
    scene.require_same(files, outcomes)


def test_a_text_is_sent_once_and_chunks_without_theirs(scene, files):
    parts = [one.step for one in scene.records(files, [1]) if isinstance(one.step, PartRecord)]
    assert len(parts) > 5
    assert [part.document is not None for part in parts] == [True] + [False] * (len(parts) - 1)
    assert {chunk.text for part in parts for chunk in part.chunks} == {""}
    assert max(len(encode(StepRecord(1, 0, "", "", part, False))) for part in parts[1:]) < len(LONG)


def test_a_repeated_record_stores_nothing_twice(scene, files):
    records = scene.records(files)
    outcomes, _ = scene.store(files, records, records, records[5:])
    scene.require_same(files, outcomes)


@pytest.mark.parametrize("lost", [0, 1, 3, -2, -1])
def test_files_whose_records_are_lost_are_missing_and_come_in_the_next_round(scene, files, lost):
    records = scene.records(files)
    arrived = [one for number, one in enumerate(records) if number != lost % len(records)]
    outcomes, missing = scene.store(files, arrived)
    assert missing == {records[lost].file}
    outcomes += scene.store(files, scene.records(files, sorted(missing)))[0]
    expected = {one.path: one.outcome for one in ingest(scene.here, files, scene.embedder, ReadHere())}
    assert {one.path for one in outcomes} == expected.keys()
    assert texts(scene.sent) == texts(scene.here)


def test_what_arrived_of_an_archive_is_not_stored_again_in_the_next_round(scene, files):
    records = scene.records(files)
    broken_off = [one for one in records if one.file < 4 or one.content == 0]
    outcomes, missing = scene.store(files, broken_off, scene.records(files, [4]))
    assert missing == set()
    scene.require_same(files, outcomes)


def test_a_file_that_changed_while_its_worker_was_lost_comes_whole_or_not_at_all(scene, files):
    before = scene.records(files, [1])
    Path(files[1].path).write_text(LONG.replace("long", "short"))
    after = scene.records(files, [1])
    mixed = before[:2] + after[2:]
    outcomes, missing = scene.store(files, mixed)
    assert outcomes == []
    assert 1 in missing
    assert scene.sent.n_chunks() == 0
    outcomes, missing = scene.store(files, mixed, after)
    assert [one.outcome for one in outcomes] == ["added"]
    assert texts(scene.sent) == {"b.txt": LONG.replace("long", "short")}


def test_a_name_that_a_worker_could_not_know_is_corrected(scene, tmp_path, monkeypatch):
    """An archive holds "notes/a.txt", and a folder of the archive's name holds it, too."""
    monkeypatch.setattr("rag.ingest.on_ray.arrivals.DocumentReader", ReadHereOnce)
    one, two = tmp_path / "one", tmp_path / "two"
    (two / "z.zip").mkdir(parents=True)
    one.mkdir()
    with zipfile.ZipFile(one / "z.zip", "w") as archive:
        archive.writestr("0.txt", "Larks sing.")
        archive.writestr("a.txt", "Owls hunt.")
        archive.writestr("b.txt", LONG)
    (two / "z.zip" / "a.txt").write_text("Ships sail.")
    files = find_files([two, one])
    # Each file has a worker of its own, so neither knows which names the other gave out.
    records = [record for number in range(len(files)) for record in scene.records(files, [number])]
    assert len({record.name for record in records}) < len({(record.file, record.content) for record in records})
    outcomes, missing = scene.store(files, records)
    assert missing == set()
    scene.require_same(files, outcomes)
    assert any("because another document is named" in one.reason for one in outcomes)


def test_uploads_of_one_name_stay_two_documents(scene, monkeypatch):
    monkeypatch.setattr("rag.ingest.on_ray.arrivals.DocumentReader", ReadHereOnce)
    files = [SourceFile("a.txt", "a.txt", content.encode) for content in ("Owls hunt.", "Ships sail.")]
    outcomes, missing = scene.store(files, scene.records(files, [0]) + scene.records(files, [1]))
    assert missing == set()
    scene.require_same(files, outcomes)
    assert texts(scene.sent) == {"a.txt": "Owls hunt.", "a (2).txt": "Ships sail."}


def texts(collection: Collection) -> dict[str, str]:
    return {one.name: collection.document(one.document_id).text for one in collection.documents()}


def test_a_model_that_a_worker_cannot_load_ends_the_ingest_with_its_sentence(scene, files):
    def absent() -> DigestEmbedder:
        raise ExplorerError("The model is not here.")

    records = scene.records(files, load=absent)
    with pytest.raises(ExplorerError, match=r"The model is not here\."):
        scene.store(files, records)


def test_a_package_that_a_worker_lacks_is_named(scene, files):
    def absent() -> DigestEmbedder:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    records = scene.records(files, load=absent)
    with pytest.raises(ExplorerError, match="does not find the package 'torch'"):
        scene.store(files, records)


def test_another_revision_of_the_model_in_a_worker_is_refused(scene, files):
    records = scene.records(files, revision="0")
    with pytest.raises(ExplorerError, match="has revision 1"):
        scene.store(files, records)


def test_a_fault_in_a_worker_is_shown_with_its_trace(scene, files):
    records = scene.records([replace(files[0], read=len)])
    with pytest.raises(RuntimeError, match="TypeError"):
        scene.store(files, records)


def test_groups_keep_the_order_and_the_limits(files):
    numbered = list(enumerate([replace(files[0], size=size) for size in (1, 1, 1, 9 << 20, 1, 7 << 20, 2 << 20)]))
    assert [[number for number, _ in group] for group in _groups(numbered, 2)] == [[0, 1], [2], [3], [4, 5], [6]]
