"""Every figure and picture of the pages has a text alternative."""

from __future__ import annotations

import ast

import pytest

from rag import config

DRAWS = {"plotly_chart", "image"}
FILES = sorted((config.ROOT / "pages").rglob("*.py"))


def without_alternative(source: str) -> list[int]:
    """The lines of calls that draw a figure and say nothing in words."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in DRAWS
        and "alt" not in {keyword.arg for keyword in call.keywords}
    ]


def test_a_figure_without_words_is_found():
    assert without_alternative("st.plotly_chart(figure, key='a')\nst.image(one, alt='A')\n") == [1]


def test_every_figure_has_words():
    found = {str(path.relative_to(config.ROOT)): without_alternative(path.read_text("utf-8")) for path in FILES}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("name", sorted(DRAWS))
def test_the_pages_draw_figures(name: str):
    assert any(f".{name}(" in path.read_text("utf-8") for path in FILES)
