"""The documents name what exists: every package in docs/architecture.md, and no path or function that is gone."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from rag import config

ARCHITECTURE = config.ROOT / "docs" / "architecture.md"
DOCUMENTS = (ARCHITECTURE, config.ROOT / "CONTRIBUTING.md")
_QUOTED = re.compile(r"`([^`\n]+)`")
_PLACES = ("rag", "pages", "tests", "bench", "docs", "data", ".github", "app.py", "pyproject.toml", "requirements")
_FUNCTION_IN = re.compile(r"`(\w+)` in `([^`]+)`")
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.M)


def packages(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/__init__.py")}


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def lines_of_levels() -> str:
    """The drawing of the levels of rag."""
    return ARCHITECTURE.read_text("utf-8").split("```")[1]


def named_paths(document: Path) -> list[str]:
    quoted = _QUOTED.findall(document.read_text("utf-8"))
    return [path for path in quoted if path.startswith(_PLACES) and re.search(r"/|\.(py|md|toml|txt|lock)$", path)]


def missing_packages(text: str, folder: Path) -> set[str]:
    return packages(folder) - words(text)


def functions_of(path: Path) -> set[str]:
    if path.suffix == ".js":
        return set(re.findall(r"function (\w+)", path.read_text("utf-8")))
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def pins(text: str) -> dict[str, str]:
    return {name.lower().replace("_", "-"): version for name, version in _PIN.findall(text)}


def test_every_package_of_rag_is_in_the_drawing_of_the_levels():
    assert len(packages(config.ROOT / "rag")) > 10
    assert missing_packages(lines_of_levels(), config.ROOT / "rag") == set()


def test_every_package_of_the_pages_is_in_the_architecture():
    assert missing_packages(ARCHITECTURE.read_text("utf-8"), config.ROOT / "pages" / "shared") == set()


def test_a_package_that_the_drawing_lacks_is_noticed(tmp_path: Path):
    (tmp_path / "unheard_of").mkdir()
    (tmp_path / "unheard_of" / "__init__.py").touch()
    assert missing_packages(lines_of_levels(), tmp_path) == {"unheard_of"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_named_path_exists(document: Path):
    paths = named_paths(document)
    assert len(paths) > 10
    assert [path for path in paths if not (config.ROOT / path).exists()] == []


def test_every_named_function_is_where_the_architecture_says():
    found = _FUNCTION_IN.findall(ARCHITECTURE.read_text("utf-8"))
    assert len(found) > 5
    assert [(name, path) for name, path in found if name not in functions_of(config.ROOT / path)] == []


def test_the_architecture_fits_on_one_page():
    assert len(ARCHITECTURE.read_text("utf-8").splitlines()) <= 90


def test_locked_requirements_hold_the_versions_of_the_project():
    project = tomllib.loads((config.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "requirements.txt": project["dependencies"],
        "requirements.lock": project["dependencies"],
        "requirements-dev.txt": [*project["dependencies"], *extras["dev"]],
        "requirements-models.txt": extras["models"],
    }
    for file, dependencies in wanted.items():
        locked = pins((config.ROOT / file).read_text("utf-8"))
        assert pins("\n".join(dependencies)).items() <= locked.items(), f"{file} is not up to date: run `make lock`"


def test_the_hashed_lock_pins_the_same_versions_as_the_requirements():
    locked = pins((config.ROOT / "requirements.lock").read_text("utf-8"))
    assert pins((config.ROOT / "requirements.txt").read_text("utf-8")).items() <= locked.items()
    text = (config.ROOT / "requirements.lock").read_text("utf-8")
    entries = re.split(r"\n(?=\S)", text)
    assert len(_PIN.findall(text)) == len([entry for entry in entries if "--hash=sha256:" in entry]) > 80
