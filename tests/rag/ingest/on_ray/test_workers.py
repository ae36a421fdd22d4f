"""Real Ray workers: the same collection as from a single process, also if a worker or the whole program is killed.

Ray reads its settings once for a process, so these tests have one of their own: `make test-ray`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from rag import config
from rag.documents.sources import find_files
from rag.ingest.on_ray import dataset, session
from rag.ingest.on_ray.dataset import ingest_on_ray
from rag.ingest.on_ray.session import ray_session
from rag.ingest.pipeline import ingest
from rag.store.collection import Collection
from rag.types import ChunkingSpec
from tests.conftest import ReadHere, lacking
from tests.support.collections import contents, require_sound
from tests.support.fakes import DigestEmbedder
from tests.support.on_ray.embedders import GATE, OPENED, POISON, GatedEmbedder, PoisonedEmbedder
from tests.support.on_ray.waiting import wait_until

SHARED = config.ROOT.parent / "shared"
N_WORKERS = 2
pytestmark = [
    pytest.mark.slow,
    pytest.mark.ray,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill without notice"),
]


@pytest.fixture(scope="module")
def workers() -> Iterator[int]:
    """A local Ray for the tests of this module."""
    if importlib.util.find_spec("ray") is None:
        lacking("the package ray is not installed")
    with ray_session(N_WORKERS) as n_workers:
        yield n_workers


@pytest.fixture
def collection(data_dir) -> Collection:
    return Collection.create(data_dir, "c", DigestEmbedder().spec, ChunkingSpec())


def write_files(folder: Path, texts: Sequence[str]) -> Path:
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number:04}.txt").write_text(text, "utf-8")
    return folder


def made_here(data_dir: Path, folder: Path) -> tuple[Collection, list]:
    """The collection of a single process, and its outcomes."""
    expected = Collection.create(data_dir, "here", DigestEmbedder().spec, ChunkingSpec())
    return expected, list(ingest(expected, find_files([folder]), DigestEmbedder(), ReadHere()))


@pytest.mark.skipif(not (SHARED / "files").is_dir(), reason="the folder of real files is not here")
def test_real_files_give_the_collection_of_a_single_process(workers, collection, data_dir):
    files = find_files([SHARED / "files"])
    outcomes = list(ingest_on_ray(collection, files, DigestEmbedder(), DigestEmbedder, workers))
    expected, of_single_process = made_here(data_dir, SHARED / "files")
    assert outcomes == of_single_process
    assert contents(collection) == contents(expected)
    assert [row.tobytes() for row in collection.chunk_digests()[1]] == [
        row.tobytes() for row in expected.chunk_digests()[1]
    ]


def test_a_killed_worker_is_made_good(workers, collection, data_dir, tmp_path):
    texts = [GATE if number == 20 else f"Text number {number}. " * 40 for number in range(40)]
    folder, gate = write_files(tmp_path / "files", texts), tmp_path / "gate"
    gate.mkdir()
    load = partial(GatedEmbedder, gate)
    stream = ingest_on_ray(collection, find_files([folder]), load(), load, workers)
    outcomes = [next(stream)]
    wait_until(lambda: any(gate.iterdir()))
    (killed,) = (int(path.name) for path in gate.iterdir())
    os.kill(killed, signal.SIGKILL)
    (gate / OPENED).touch()
    outcomes += stream
    others = {path.name for path in gate.iterdir()} - {OPENED, str(killed)}
    assert len(others) == 1, "another process has read the file"
    expected, of_single_process = made_here(data_dir, folder)
    assert outcomes == of_single_process
    assert contents(collection) == contents(expected)


def test_a_file_that_ends_every_worker_fails_alone(workers, collection, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "_RETRIES", 0)
    texts = [POISON if number == 20 else f"Text number {number}." for number in range(40)]
    files = find_files([write_files(tmp_path / "files", texts)])
    outcomes = list(ingest_on_ray(collection, files, DigestEmbedder(), PoisonedEmbedder, workers))
    assert sorted(one.path for one in outcomes) == [file.path for file in files]
    (failed,) = (one for one in outcomes if one.outcome != "added")
    assert (failed.outcome, Path(failed.path).name) == ("failed", "0020.txt")
    assert failed.reason.startswith("'0020.txt' was not added: each Ray worker that began with it ended")
    assert len(collection.documents()) == len(files) - 1


def test_the_command_uses_the_cluster_at_ray_address(workers, data_dir, tmp_path):
    """The module's session is the cluster; the workers have the real model."""
    import ray

    folder = write_files(tmp_path / "files", ["Owls hunt at night.", "Ships sail by day."])
    (folder / "broken.pdf").write_bytes(b"%PDF")
    command = [sys.executable, "-m", "rag", "ingest", str(folder), "--collection", "C", "--on", "ray", "--workers", "1"]
    environment = {**os.environ, "RAY_ADDRESS": ray.get_runtime_context().gcs_address}
    done = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, cwd=config.ROOT, env=environment, check=False
    )
    assert done.returncode == 1, done.stderr
    assert {Path(one["path"]).name: one["outcome"] for one in json.loads(done.stdout)["files"]} == {
        "0000.txt": "added", "0001.txt": "added", "broken.pdf": "failed"
    }  # fmt: skip
    assert len(done.stderr.splitlines()) == 3, "a line for each file, and no messages of Ray"
    assert [chunk.text for chunk in Collection.open(data_dir, "C").chunks()] == [
        "Owls hunt at night.",
        "Ships sail by day.",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
def test_a_stopped_ingest_of_1000_files_goes_on(workers, collection, data_dir, tmp_path, number):
    """The stopped process is no part of the module's session: it has started a Ray of its own."""
    folder = write_files(tmp_path / "files", [f"Text number {number}." for number in range(1000)])
    command = [sys.executable, "-m", "tests.support.on_ray.ingest_process", str(data_dir), "c", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=config.ROOT) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(100)]
        process.send_signal(number)
        process.communicate()
    assert process.returncode != 0
    assert {line.split()[0] for line in said} == {"added"}
    require_sound(collection.path)
    n_stored = len(collection.documents())
    assert 100 <= n_stored < 1000
    require_nothing_left(process.pid, is_killed=number == signal.SIGKILL)
    outcomes = list(ingest_on_ray(collection, find_files([folder]), DigestEmbedder(), DigestEmbedder, workers))
    assert [one.outcome for one in outcomes] == ["unchanged"] * n_stored + ["added"] * (1000 - n_stored)
    assert contents(collection) == contents(made_here(data_dir, folder)[0])


def require_nothing_left(process: int, *, is_killed: bool) -> None:
    """A session removes its folder and ends its processes; if it was killed, the next one removes its folder."""
    folders = list(session._PARENT.glob(f"{session._FOLDER}{process}-*"))
    assert len(folders) == is_killed
    wait_until(lambda: not processes_with(f"{session._FOLDER}{process}-"))
    session._remove_left_folders()
    assert not any(folder.exists() for folder in folders)


def processes_with(folder: str) -> list[Path]:
    """The processes whose environment names such a folder, on Linux; elsewhere none."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended, or belongs to another user
            if folder.encode() in path.read_bytes():
                found.append(path.parent)
    return found
