"""Notebooks: text, code and outputs are read, tables are rows, pictures are counted."""

from __future__ import annotations

import json
import re

import pytest

from rag.documents.loading import load_document
from rag.errors import DocumentError
from tests.support.formats.source_words import missing
from tests.support.good_files import SENTENCE

TABLE = (
    "<style>td {color: red}</style><table><thead><tr><th></th><th>boat</th><th>seats</th></tr></thead>"
    "<tbody><tr><th>0</th><td>Anna</td><td>12</td></tr><tr><th>1</th><td>Bert</td><td>30</td></tr></tbody></table>"
)
TRACE = ["\x1b[0;31mValueError\x1b[0m  Traceback", "\x1b[0;32m----> 1\x1b[0m raise\n", "ValueError: no such boat"]


def code(source: str, *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "source": [source], "outputs": list(outputs)}


def shown(**data: str) -> dict[str, object]:
    return {"output_type": "display_data", "data": {kind.replace("_", "/"): [text] for kind, text in data.items()}}


def stream(text: str) -> dict[str, object]:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def notebook(*cells: dict[str, object]) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode()


BOOK = notebook(
    {"cell_type": "markdown", "source": ["# Boats\n", "\n", SENTENCE]},
    code("# no heading\nprint(len(boats))", stream("loading\r100 %\n42 boats\n# none either")),
    code("boats", shown(text_html=TABLE, text_plain="   boat  seats\n0  Anna     12")),
    {"cell_type": "markdown", "source": "## Errors"},
    code("boats['x']", {"output_type": "error", "ename": "ValueError", "evalue": "no such boat", "traceback": TRACE}),
    code("plot()", shown(image_png="iVBORw0KGgo=", text_plain="<Figure size 640x480 with 1 Axes>")),
    code("fence", stream("```\nin a fence\n```")),
    {"cell_type": "raw", "source": "raw words"},
)


def test_what_the_code_printed_stands_below_it():
    text = load_document("b.ipynb", BOOK).text
    assert "```\n# no heading\nprint(len(boats))\n```\n\nOutput:\n```\n100 %\n42 boats\n# none either\n```" in text
    assert "````\n```\nin a fence\n```\n````" in text


def test_headings_are_those_of_the_text_cells():
    document = load_document("b.ipynb", BOOK)
    assert [heading.path for heading in document.headings] == ["Boats", "Boats > Errors"]


def test_a_table_in_an_output_is_rows():
    document = load_document("b.ipynb", BOOK)
    rows = [document.text[row.start : row.end] for row in document.rows]
    assert rows == ["0; boat: Anna; seats: 12", "1; boat: Bert; seats: 30"]
    assert "   boat  seats" not in document.text


def test_an_error_is_read_without_its_colours():
    text = load_document("b.ipynb", BOOK).text
    assert "ValueError: no such boat" in text
    assert "\x1b" not in text
    assert "[0;31m" not in text


def test_a_picture_is_left_out_and_said():
    document = load_document("b.ipynb", BOOK)
    assert document.notes == ("1 picture was left out.",)
    assert "iVBOR" not in document.text
    assert "Figure size" not in document.text


def test_no_word_of_a_notebook_is_dropped_in_silence():
    cells = json.loads(BOOK)["cells"]
    source = " ".join("".join(cell["source"]) for cell in cells)
    for output in (output for cell in cells for output in cell.get("outputs", ())):
        data = output.get("data", {})
        table = re.sub(r"<style>.*?</style>|<[^>]*>", " ", "".join(data.get("text/html", ())))
        source += f" {table} " + re.sub(r"\x1b\[[\d;]*m", "", " ".join(output.get("traceback", ())))
        source += " ".join(output.get("text", ())).replace("loading\r", "")
    assert missing(source, [load_document("b.ipynb", BOOK)]) == []


def test_a_notebook_of_an_older_version_is_read():
    cells = [{"cell_type": "heading", "level": 2, "source": "Boats"}, {"cell_type": "code", "input": "1 + 1",
             "outputs": [{"output_type": "pyout", "text": ["2"]}]}]  # fmt: skip
    old = json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}).encode()
    document = load_document("old.ipynb", old)
    assert document.text == "## Boats\n\n```\n1 + 1\n```\n\nOutput:\n```\n2\n```"
    assert [heading.path for heading in document.headings] == ["Boats"]


def test_an_output_that_is_no_text_is_named():
    book = notebook(code("w", {"output_type": "display_data", "data": {"application/vnd.widget": {"id": 1}}}))
    assert load_document("b.ipynb", book).notes == ("1 output was left out, of the type application/vnd.widget.",)


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"{cells", b'{"cells": 3}'])
def test_what_is_no_notebook_is_refused(content):
    with pytest.raises(DocumentError, match=r"'a\.ipynb' is (not a notebook|a notebook without cells)"):
        load_document("a.ipynb", content)
