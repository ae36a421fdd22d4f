"""The rules of the house: who may import whom, and which library has which home."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from rag import config

FOUNDATION = {
    "types",
    "chat_types",
    "thoughts",
    "pumping",
    "openai_server",
    "prompt_template",
    "control_tokens",
    "token_estimate",
    "vocabulary",
    "text_shape",
    "builtin_model",
    "answer_difference",
    "answer_figures",
    "fanned",
    "story_html",
    "claims",
    "passage_match",
    "stated_numbers",
    "telling_words",
    "answer_record",
    "conversation_export",
    "conversation_titles",
    "saved_settings",
    "rewriting",
    "errors",
    "config",
    "cache",
    "cpu",
    "batching",
    "lookahead",
    "weights",
    "ollama_server",
    "ollama_connection",
    "pull_progress",
    "server_faults",
    "tokenizing",
    "sentences",
    "boundaries",
    "splitting",
    "prepared",
    "parsed",
    "packages",
    "markup",
    "formats",
    "decoding",
    "language",
    "model_languages",
    "tables",
    "sheets",
    "records",
    "slides",
    "mail",
    "extraction",
    "archives",
    "wire",
    "typed_json",
    "migrations",
    "schema",
    "soundness",
    "transactions",
    "foreign",
    "collection_names",
    "map_quality",
    "token_vectors",
    "receipt",
    "neighborhood",
    "neighbor_graph",
    "score_distribution",
    "query_notes",
    "health",
    "arithmetic",
    "tasks",
    "projection_parameters",
    "tsne",
    "placement",
    "alignment",
    "index_spec",
    "map_points",
    "chunk_table",
    "map_colours",
    "map_filter",
    "retrieval_settings",
    "map_scene",
    "map_script",
    "map_html",
    "clusters",
    "cluster_names",
    "word_model",
    "cluster_naming",
}
STAGES = {
    "loading",
    "chunking",
    "chunk_preview",
    "embedding",
    "vector_cache",
    "collection",
    "index",
    "index_kinds",
    "projection",
    "prompting",
    "generation",
    "grounding",
}
JOINING = {
    "variety",
    "conversations",
    "contrast",
    "causal",
    "recorded",
    "chosen_prompt",
    "story_file",
    "answer_map",
    "answer_svg",
    "map_svg",
    "map_export",
    "map_view",
    "map_query",
    "chosen_index",
    "hybrid",
    "lab_vectors",
    "collection_rows",
    "neighbor_table",
    "selection",
    "models",
    "model_downloads",
    "sources",
    "worker",
    "sandbox",
    "collection_files",
    "retrieval",
    "subset",
    "layout",
    "index_lab",
    "true_neighbors",
    "model_comparison",
}
STORIES = {"ingest", "answer"}
ABOVE = [{"jobs", "live_answers", "replay"}, {"command_line"}, {"lab_commands"}, {"__main__"}]
LEVELS = [FOUNDATION, STAGES, JOINING, STORIES, *ABOVE]
HOMES = {
    "sentence_transformers": {"embedding"},
    "faiss": {"index", "index_kinds"},
    "umap": {"projection"},
    "openTSNE": {"tsne"},
    "kreuzberg": {"extraction"},
    "chardet": {"decoding"},
    "py3langid": {"language"},
    "pyarrow": {"records"},
    "ollama": {"ollama_server", "ollama_connection"},
    "openai": {"openai_server"},
    "sqlite3": {"schema", "transactions", "foreign", "collection", "collection_files", "conversations", "vector_cache"},
    "tokenizers": {"tokenizing"},
    "sentencex": {"sentences"},
    "streamlit": set(),
}


def imported(path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rag_modules():
    return [path for path in (config.ROOT / "rag").glob("*.py") if path.stem != "__init__"]


def test_every_module_has_a_level():
    assert {path.stem for path in rag_modules()} == set().union(*LEVELS)


@pytest.mark.parametrize("path", rag_modules(), ids=lambda path: path.stem)
def test_rag_imports_only_what_is_below(path):
    level = next(i for i, names in enumerate(LEVELS) if path.stem in names)
    below = set().union(*LEVELS[:level])
    siblings = LEVELS[level] if level in (0, 2) else set()
    own = {name.split(".")[1] for name in imported(path) if name.startswith("rag.")}
    assert own <= below | siblings


@pytest.mark.parametrize("path", rag_modules(), ids=lambda path: path.stem)
def test_heavy_libraries_have_one_home(path):
    roots = {name.split(".")[0] for name in imported(path)}
    for library, homes in HOMES.items():
        assert library not in roots or path.stem in homes


def test_pages_do_not_import_one_another_or_numeric_libraries():
    for path in (config.ROOT / "pages").glob("*.py"):
        names = imported(path)
        assert not {name for name in names if name.startswith("pages.") and not name.startswith("pages.shared")}
        assert not {name.split(".")[0] for name in names} & {"numpy", "faiss", "umap", "ollama", "torch"}


def test_no_file_is_long():
    folders = [config.ROOT / name for name in ("bench", "pages", "rag", "tests")]
    written = [path for folder in folders for path in folder.rglob("*.py")]
    assert {path.name: n for path in written if (n := len(path.read_text("utf-8").splitlines())) > 300} == {}


def test_downloads_do_not_run_the_page_again():
    """A run that begins at the click can drop the file's address before the browser has it."""
    calls = [
        (path.name, {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords})
        for path in (config.ROOT / "pages").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".download_button")
    ]
    assert calls
    assert [name for name, given in calls if given.get("on_click") != "'ignore'"] == []


def page_imports(path) -> str:
    """Everything a page imports, as one import statement (the page itself would run)."""
    return ", ".join(
        sorted(name for name in imported(path) if name.startswith(("pages.", "rag.")) and has_module(name))
    )


def has_module(name: str) -> bool:
    return (config.ROOT / f"{name.replace('.', '/')}.py").is_file()


@pytest.mark.parametrize(
    "modules",
    ["rag.__main__", *(page_imports(path) for path in (config.ROOT / "pages").glob("*.py") if path.stem != "__init__")],
)
def test_imports_stay_light(modules):
    heavy = "{'torch', 'umap', 'faiss', 'sentence_transformers', 'transformers', 'sklearn', 'kreuzberg'}"
    code = f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=config.ROOT, check=True)
    assert result.stdout.strip() == "[]"
