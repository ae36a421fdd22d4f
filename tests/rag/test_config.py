"""Configuration: where collections are, in a checkout and in an installed copy."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from rag import config


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the program takes for its root, with no data folder set."""
    monkeypatch.delenv("EXPLORER_DATA_DIR")
    monkeypatch.setattr(config, "ROOT", tmp_path / "a folder")
    config.ROOT.mkdir()
    return config.ROOT


def test_a_checkout_keeps_collections_in_its_data_folder(root: Path):
    assert config.data_dir() == root / "data" / "collections"
    assert config.model_requirements() == "requirements-models.txt"


def test_an_installed_copy_keeps_collections_in_the_users_data_folder(root: Path):
    (root / "__init__.py").touch()
    assert config.data_dir() == Path(platformdirs.user_data_dir("embedding-explorer")) / "collections"
    assert config.model_requirements() == f"'{root / 'requirements-models.txt'}'"


def test_the_environment_decides_first(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (root / "__init__.py").touch()
    monkeypatch.setenv("EXPLORER_DATA_DIR", str(tmp_path / "mine"))
    assert config.data_dir() == tmp_path / "mine"
