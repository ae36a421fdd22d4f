"""The glossary: one sentence a term, the same in docs/glossary.md, and every term that a page asks for is there."""

from __future__ import annotations

import ast

import pytest

from pages.shared.widgets.glossary import SECTIONS, as_markdown, help_for
from rag import config

TERMS = [(term, sentence) for terms in SECTIONS.values() for term, sentence in terms.items()]


def test_the_document_is_the_glossary():
    assert (config.ROOT / "docs" / "glossary.md").read_text("utf-8") == as_markdown()


def test_each_term_has_one_sentence_and_occurs_once():
    assert len({term.casefold() for term, _ in TERMS}) == len(TERMS)
    several = [term for term, sentence in TERMS if ". " in sentence or not sentence.endswith(".")]
    assert several == []


def test_help_is_the_sentence_of_the_term():
    assert help_for("hit") == "A chunk that a search found, with its rank and its score."


def test_an_unknown_term_is_refused():
    with pytest.raises(ValueError, match="no term 'cosine simularity'"):
        help_for("cosine simularity")


def test_pages_ask_only_for_terms_that_exist():
    known = {term for term, _ in TERMS}
    for path in (config.ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "help_for":
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno} names no term"
                assert node.args[0].value in known, f"{path}:{node.lineno}"
