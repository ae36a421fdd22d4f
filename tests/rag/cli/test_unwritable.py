"""Every command works, or says why, with a read-only data folder, a full disk, or a cache that cannot be written."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext

import pytest

from rag import config
from rag.cli.main import main
from rag.runtime import artifacts
from tests.support.unwritable import full_disk, read_only_mount


@pytest.fixture(params=["read-only folder", "full disk", "file in the place of the cache"])
def unwritable(request, sample_without_caches, monkeypatch):
    """The kind of trouble that the sample's folder has."""
    monkeypatch.setattr(artifacts, "_in_memory", type(artifacts._in_memory)())
    monkeypatch.setattr(artifacts, "_reasons", {})
    folder = sample_without_caches.path.parent
    if request.param == "file in the place of the cache":
        sample_without_caches.cache_folder.write_bytes(b"")
    blocks = {"read-only folder": read_only_mount, "full disk": full_disk}
    with blocks.get(request.param, nullcontext)(folder):
        yield request.param


READING = (
    ("search", "door code"),
    ("search", "door code", "--mode", "keyword"),
    ("search", "door code", "--mode", "hybrid"),
    ("neighbors", "--text", "planets"),
    ("neighbors", "--chunk", "20"),
    ("index-benchmark", "--kinds", "flat", "-k", "3"),
)


def test_every_command_works_or_says_why(unwritable, capsys, tmp_path):
    for arguments in READING:
        assert main([*arguments, "--collection", "Sample", "--json"]) == 0, arguments
        assert json.loads(capsys.readouterr().out)
    assert main(["map", "--collection", "Sample", "--output", str(tmp_path / "map.csv")]) == 0
    assert (tmp_path / "map.csv").stat().st_size > 10_000
    capsys.readouterr()
    assert main(["check"]) == 0
    assert main(["collections"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Sample: sound (12 documents, ")
    assert lines[1].endswith("read-only") == (unwritable != "file in the place of the cache")
    new = tmp_path / "new.txt"
    new.write_text("Otters hold hands while they sleep. " * 20_000)
    can_store = unwritable == "file in the place of the cache"
    for collection in ("Sample", "New"):
        code = main(["ingest", str(new), "--collection", collection])
        shown = capsys.readouterr().err
        assert (code == 0) == can_store, shown
        reasons = (
            "is read-only",
            "could not be created",
            "disk is full",
            "database or disk is full",
            "Read-only file system",
            "No space left",
        )
        assert can_store or any(reason in shown for reason in reasons), shown


def test_a_map_of_a_wrong_type_is_refused_before_it_is_computed(sample_without_caches, capsys, tmp_path):
    assert main(["map", "--collection", "Sample", "--output", str(tmp_path / "map.png")]) == 1
    assert "'map.png' is not a supported type of map file" in capsys.readouterr().err
    assert not sample_without_caches.cache_folder.exists()


@pytest.mark.slow
def test_the_built_in_model_answers_from_a_cache_folder_that_cannot_be_written(sample, tmp_path, monkeypatch, capsys):
    """It is converted in memory, and the vectors of texts are not kept."""
    from rag.generation import builtin

    (tmp_path / "cache").write_bytes(b"a file, where the folder should be")
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    builtin._load.cache_clear()
    try:
        question = "How many days of paid leave do full-time staff have?"
        assert main(["ask", question, "--collection", "Sample", "--model", "builtin", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["answer"]
        assert "'models'" in artifacts.unsaved(config.cache_dir() / "models")
    finally:
        builtin._load.cache_clear()
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
