"""Configuration: where collections are, in a checkout and in an installed copy."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    ("limit", "at_most"), [("1", 1), ("2", 2), ("1,4", 1), ("1000000", None), ("", None), ("0", None), ("two", None)]
)
def test_threads_are_those_of_the_cores_and_no_more_than_the_limit(
    limit: str, at_most: int | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    of_all_cores = config.cpu_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert config.cpu_threads() == min(of_all_cores, at_most or of_all_cores)


def test_every_variable_of_the_code_is_listed_and_described():
    sources = [
        config.ROOT / "app.py",
        *(path for name in ("pages", "rag") for path in (config.ROOT / name).rglob("*.py")),
    ]
    pattern = re.compile(rf"\b{config.VARIABLE_PREFIX}[A-Z_]+[A-Z]\b")
    used = {name for path in sources for name in pattern.findall(path.read_text("utf-8"))}
    assert used == config.VARIABLES
    described = (config.ROOT / "docs" / "reference.md").read_text("utf-8")
    assert [name for name in sorted(config.VARIABLES) if f"| `{name}` |" not in described] == []


def test_versions_are_those_of_the_project_and_of_an_installed_copy(root: Path, monkeypatch: pytest.MonkeyPatch):
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\ndependencies = ["a==1.0", "b==2; x < \'3\'"]\n')
    assert (config.version(), config.pinned_packages()) == ("1.2.3", {"a": "1.0", "b": "2"})
    (root / "__init__.py").touch()
    monkeypatch.setattr("importlib.metadata.version", lambda name: {"embedding-explorer": "4.5.6"}[name])
    monkeypatch.setattr("importlib.metadata.requires", lambda name: ["c==3", "d==4; extra == 'dev'"])
    assert (config.version(), config.pinned_packages()) == ("4.5.6", {"c": "3"})
