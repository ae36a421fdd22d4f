"""Plain words: archaic phrases and names that must be decoded occur nowhere in code, tests, pages and documentation."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from rag import config

PHRASES = (
    "anew", "by lot", "beside", "held against", "stands in", "is said to be", "take away", "taken away", "mended",
    "declared to be material",
)  # fmt: skip
NAMES = frozenset({"own", "whatever", "fate", "complaints", "told", "heard", "epitaph"})
FOLDERS = ("bench", "docs", "pages", "rag", "tests")
DOCUMENTS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
ASSETS = frozenset({".css", ".html", ".jinja", ".js", ".md", ".svg"})
"""Files without Python's structure: their whole text is checked."""
_PHRASE = re.compile(r"\b(?:" + "|".join(phrase.replace(" ", r"[\s_]+") for phrase in PHRASES) + r")\b", re.IGNORECASE)


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Every string, docstring and comment of a Python file with its line; comments on consecutive lines are joined."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    block, last = "", 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            line, words = token.start[0], token.string.lstrip("# ")
            block = f"{block} {words}" if line == last + 1 else words
            last = line
            yield line, block


def names(source: str) -> Iterator[tuple[int, str]]:
    """Every name that a Python file defines, with its line: functions, classes, parameters, variables, attributes."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str()):
                yield node.lineno, str(node.asname)


def faults_of_python(source: str) -> list[str]:
    """Each forbidden phrase and name in the source of a Python file: "12: anew"."""
    found = {(line, match) for line, text in texts(source) for match in _PHRASE.findall(text)}
    found |= {(line, match) for line, name in names(source) for match in _PHRASE.findall(name.replace("_", " "))}
    found |= {(line, name) for line, name in names(source) if name.strip("_").lower() in NAMES}
    return [f"{line}: {words}" for line, words in sorted(found)]


def faults_of_text(text: str) -> list[str]:
    """Each forbidden phrase in a text without Python's structure."""
    return [f"{text.count(chr(10), 0, match.start()) + 1}: {match.group()}" for match in _PHRASE.finditer(text)]


def checked_files() -> list[Path]:
    """All files with words that a person reads, except this one, which has to name the words."""
    found = [path for folder in FOLDERS for path in (config.ROOT / folder).rglob("*")]
    found += [config.ROOT / "app.py", config.ROOT / "serve.py", *(config.ROOT / name for name in DOCUMENTS)]
    suffixes = ASSETS | {".py"}
    return sorted(path for path in found if path.suffix in suffixes and path.is_file() and path != Path(__file__))


def test_no_forbidden_words():
    files = checked_files()
    assert len(files) > 200
    faults = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        found = faults_of_python(text) if path.suffix == ".py" else faults_of_text(text)
        faults += [f"{path.relative_to(config.ROOT)}:{fault}" for fault in found]
    assert not faults, "\n".join(faults)


def test_the_check_finds_each_phrase_and_name():
    for phrase in PHRASES:
        comment = "# Drawn " + phrase.replace(" ", "\n# ")
        for source in (
            f'"""It is {phrase.upper()}."""',
            f'x = f"{{x}} {phrase} of"',
            comment,
            f"def {phrase.replace(' ', '_')}(): ...",
        ):
            assert faults_of_python(source), source
        assert faults_of_text(phrase.replace(" ", "\n"))
    for name in NAMES:
        for source in (
            f"def f({name}): ...",
            f"_{name} = 1",
            f"self.{name} = 1",
            f"class {name.title()}: ...",
            f"import a as {name}",
        ):
            assert faults_of_python(source), source
    assert not faults_of_python('"""Besides, known owners foretold it."""\nknown = taken = "renewed"')
