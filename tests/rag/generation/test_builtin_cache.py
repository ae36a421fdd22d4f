"""The converted built-in model is saved by whoever is first; a folder that cannot be written is no error."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.generation import builtin
from rag.runtime import artifacts


class Part:
    """A model or tokenizer that writes one file; `during` happens while it is written."""

    def __init__(self, name, during=None):
        self._name, self._during = name, during

    def save_pretrained(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self._name).write_text(self._name)
        if self._during:
            self._during()


def test_the_model_is_saved(tmp_path):
    assert builtin._save(tmp_path / "models" / "m", Part("model"), Part("tokenizer"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["m", "model", "models", "tokenizer"]


def test_a_second_process_that_was_slower_uses_what_the_first_saved(tmp_path):
    def first() -> None:
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "model").write_text("of the first")

    assert builtin._save(tmp_path / "m", Part("model", first), Part("tokenizer"))
    assert (tmp_path / "m" / "model").read_text() == "of the first"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("place", ["m", "cache/m"])
def test_a_folder_that_cannot_be_written_is_noted(tmp_path, monkeypatch, place):
    monkeypatch.setattr(artifacts, "_reasons", {})
    (tmp_path / "m").write_text("a file in the place of the model")
    (tmp_path / "cache").write_text("a file in the place of the folder")
    folder = tmp_path / place
    assert not builtin._save(folder, Part("model"), Part("tokenizer"))
    assert "could not be saved" in artifacts.unsaved(folder.parent)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "m"]
