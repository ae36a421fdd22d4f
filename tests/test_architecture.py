"""The rules of the code: levels between packages, one home for each heavy library, sizes of files and folders."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rag import config

FOLDERS = ("bench", "pages", "rag", "tests")
HOMES = {
    "sentence_transformers": {"rag.embedding.embedder"},
    "faiss": {"rag.index.flat", "rag.index.kinds"},
    "umap": {"rag.map.projection"},
    "openTSNE": {"rag.map.tsne"},
    "kreuzberg": {"rag.documents.readers.office"},
    "chardet": {"rag.documents.encodings"},
    "py3langid": {"rag.text.language"},
    "trafilatura": {"rag.documents.readers.markup.main_content"},
    "yaml": {"rag.documents.readers.markup.markdown"},
    "oxmsg": {"rag.documents.readers.mail.outlook"},
    "python_calamine": {"rag.documents.readers.workbooks.older"},
    "pyarrow": {"rag.documents.readers.json_and_parquet"},
    "ollama": {"rag.servers.ollama_library", "rag.servers.ollama", "rag.servers.ollama_connection"},
    "openai": {"rag.servers.openai_compatible", "rag.servers.openai_embeddings"},
    "tokenizers": {"rag.text.tokens", "rag.embedding.e5_tokenizer", "rag.embedding.shared_vocabulary"},
    "sentencex": {"rag.text.sentences"},
    "jinja2": {"rag.map.export.templates"},
    "fsspec": {"rag.documents.object_stores"},
    "ray": {"rag.ingest.on_ray.session", "rag.ingest.on_ray.dataset"},
    "streamlit": set(),
}
"""Heavy libraries and the modules of rag/ that may import them."""
WITH_SQLITE = {"rag.store", "rag.store.sqlite", "rag.transfer", "rag.conversations", "rag.embedding"}
LONGEST_FILE = 500
LONGEST_FUNCTION = 40
MOST_MODULES = 20


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(config.ROOT).with_suffix("").parts)


def imported(path: Path) -> set[str]:
    """Every module and name that a file imports, dotted."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (config.ROOT / folder).rglob("*.py")]


def check_levels(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)


def test_a_package_imports_only_what_is_below_it():
    result = check_levels(config.ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("rag/text/stems.py", "import rag.retrieval.hybrid"),
        ("rag/store/names.py", "import rag.index.flat"),
        ("rag/errors.py", "import streamlit"),
        ("pages/shared/widgets/charts.py", "import pages.shared.map.panel"),
        ("pages/shared/map/panel.py", "import pages.shared.chat.turn"),
        ("pages/chat.py", "import pages.map"),
        ("pages/chat.py", "import faiss"),
    ],
)
def test_an_import_against_the_levels_is_refused(module: str, statement: str, tmp_path: Path):
    for folder in ("rag", "pages"):
        shutil.copytree(config.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(config.ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{statement}\n")
    result = check_levels(tmp_path)
    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout


def test_no_contract_has_an_exception():
    assert "ignore_imports" not in (config.ROOT / "pyproject.toml").read_text("utf-8")


def test_heavy_libraries_have_one_home():
    for path in sources("rag"):
        roots = {name.split(".")[0] for name in imported(path)}
        misplaced = {library for library in roots & HOMES.keys() if dotted(path) not in HOMES[library]}
        assert not misplaced, path
        assert "sqlite3" not in roots or dotted(path.parent) in WITH_SQLITE, path


def test_each_folder_has_few_packages_and_modules():
    rag = config.ROOT / "rag"
    assert len([path for path in rag.iterdir() if (path / "__init__.py").exists()]) <= 21
    assert len(list(rag.glob("*.py"))) <= 7
    counts: dict[Path, int] = {}
    for path in sources(*FOLDERS):
        counts[path.parent] = counts.get(path.parent, 0) + 1
    assert {folder: n for folder, n in counts.items() if n > MOST_MODULES} == {}


def test_files_and_functions_are_short():
    too_long = {}
    for path in sources(*FOLDERS):
        text = path.read_text("utf-8")
        if (n := len(text.splitlines())) > LONGEST_FILE:
            too_long[dotted(path)] = n
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and (n := lines_of_code(node)) > LONGEST_FUNCTION:
                too_long[f"{dotted(path)}.{node.name}"] = n
    assert too_long == {}


def lines_of_code(function: ast.FunctionDef) -> int:
    """From its signature to its end, without its docstring."""
    docstring = ast.get_docstring(function, clean=False) or ""
    return (function.end_lineno or 0) - function.lineno + 1 - len(docstring.splitlines())


def test_downloads_do_not_run_the_page_again():
    """A run that begins at the click can drop the file's address before the browser has it."""
    calls = [
        (path.name, {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords})
        for path in sources("pages")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".download_button")
    ]
    assert calls
    assert [name for name, given in calls if given.get("on_click") != "'ignore'"] == []


def test_imports_stay_light():
    """No page and no command imports a heavy library before it is used; the pages themselves would run."""
    heavy = "{'torch', 'umap', 'faiss', 'sentence_transformers', 'transformers', 'sklearn', 'kreuzberg'}"
    names = {name for path in (config.ROOT / "pages").glob("*.py") for name in imported(path) if is_own_module(name)}
    for modules in ("rag.__main__", ", ".join(sorted(names))):
        code = f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))"
        command = [sys.executable, "-c", code]
        result = subprocess.run(command, capture_output=True, text=True, cwd=config.ROOT, check=True)
        assert result.stdout.strip() == "[]"


def is_own_module(name: str) -> bool:
    return name.startswith(("pages.", "rag.")) and (config.ROOT / f"{name.replace('.', '/')}.py").is_file()
