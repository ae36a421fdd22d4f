"""Tables in web pages, Markdown and plain text: spans, nested tables, labels, drawn tables, cells between tabs."""

from __future__ import annotations

import pytest

from rag.documents.loading import load_document
from rag.types import Document
from tests.support.good_files import SENTENCE


def texts(document: Document) -> list[str]:
    return [document.text[row.start : row.end] for row in document.rows]


def page(*rows: str, attributes: str = "") -> bytes:
    return f"<p>{SENTENCE}</p><table{attributes}>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>".encode()


PAGES = {
    "cells that span": (
        page("<th>Boat<th>Half<th>Full", "<td rowspan=2>Canoe<td>1<td>2", "<td>3<td>4", "<td>Kayak<td colspan=2>9"),
        ["Boat: Canoe; Half: 1; Full: 2", "Boat: Canoe; Half: 3; Full: 4", "Boat: Kayak; Half: 9; Full: 9"],
    ),
    "a cell that spans all rows below": (
        page("<th>A<th>B", "<td rowspan=0>x<td>1", "<td>2"), ["A: x; B: 1", "A: x; B: 2"]
    ),
    "a title in the header": (
        page("<th colspan=3>Fees", "<th>Boat<th>Half<th>Full", "<td>Canoe<td>1<td>2", "<td>Kayak<td>3<td>"),
        ["Boat: Canoe; Half: 1; Full: 2", "Boat: Kayak; Half: 3"],
    ),
    "labels with their values": (
        page("<th colspan=2>Moor Farm", "<th>Town<td>Leeds", "<th>Founded<td>1987", "<th>Owner<td>Ana"),
        ["Town: Leeds", "Founded: 1987", "Owner: Ana"],
    ),
    "labels of rows": (
        page("<td><th>2023<th>2024", "<th>Sales<td>1<td>2", "<th>Costs<td>3<td>4"),
        ["Sales; 2023: 1; 2024: 2", "Costs; 2023: 3; 2024: 4"],
    ),
    "names of groups among header cells": (
        page("<th>Boat<th>Fee<th>Seats", "<th colspan=3>Rowing", "<td>Canoe<td>25<td>3", "<th colspan=3>Sailing",
             "<td>Yacht<td>90<td>6"),
        ["Rowing", "Boat: Canoe; Fee: 25; Seats: 3", "Sailing", "Boat: Yacht; Fee: 90; Seats: 6"],
    ),
    "a table in a cell": (
        page("<th>Boat<th>Fees", "<td>Canoe<td><table><tr><th>Half<th>Full</tr><tr><td>25<td>40</tr></table>",
             "<td>Kayak<td>31"),
        ["Boat: Canoe; Fees: (Half: 25, Full: 40)", "Boat: Kayak; Fees: 31"],
    ),
    "pictures that say yes and no": (
        page("<th>Plan<th>Export", '<td>Free<td><img alt="no" src="x">', '<td>Pro<td><img alt="yes" src="y">'),
        ["Plan: Free; Export: no", "Plan: Pro; Export: yes"],
    ),
    "a foot before the body": (
        f"<p>{SENTENCE}</p><table><thead><tr><th>Item<th>Qty</thead><tfoot><tr><td>Total<td>3</tfoot>"
        "<tbody><tr><td>Oar<td>1<tr><td>Rope<td>2</tbody></table>".encode(),
        ["Item: Oar; Qty: 1", "Item: Rope; Qty: 2", "Item: Total; Qty: 3"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PAGES)
def test_the_tables_of_a_page(case):
    content, rows = PAGES[case]
    assert texts(load_document("a.html", content)) == rows


MARKDOWN = {
    "without outer pipes": ("Name | Pipe\n--- | ---\nOr | a \\| b\nCode | `c|d`\n",
                            ["Name: Or; Pipe: a | b", "Name: Code; Pipe: `c|d`"]),
    "line breaks in a cell": ("| A | B |\n|---|---|\n| x | one<br>two |\n", ["A: x; B: one two"]),
    "a sparse header": ("| Item |  |  |\n|---|---|---|\n| Oar | big | 3 |\n",
                        ["Item: Oar; column 2: big; column 3: 3"]),
    "too many cells": ("| a | b |\n|---|---|\n| 1 | 2 | 3 |\n| 4 |\n", ["a: 1; b: 2; column 3: 3", "a: 4"]),
    "in a quotation": ("> | a | b |\n> |---|---|\n> | 1 | 2 |\n", ["a: 1; b: 2"]),
    "in a list": ("- item\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n", ["a: 1; b: 2"]),
    "in HTML": ("# T\n\n<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>\n\nend\n",
                ["a: 1; b: 2"]),
    "a grid": ("+-----+------+\n| Boat| Fee  |\n+=====+======+\n| Oar | 3 EUR|\n| big |      |\n+-----+------+\n"
               "| all of them|\n+-----+------+\n", ["Boat: Oar big; Fee: 3 EUR", "all of them"]),
    "from MySQL": ("+----+-------+\n| id | name  |\n+----+-------+\n|  1 | Canoe |\n|  2 | NULL  |\n+----+-------+\n"
                   "2 rows in set\n", ["id: 1; name: Canoe", "id: 2; name: NULL"]),
    "from PostgreSQL": (" id | name  \n----+-------\n  1 | Canoe\n  2 | Kayak\n(2 rows)\n",
                        ["id: 1; name: Canoe", "id: 2; name: Kayak"]),
    "in code": ("```\n+----+---+\n| id | b |\n+----+---+\n| 1  | 2 |\n+----+---+\n```\n", []),
}  # fmt: skip


@pytest.mark.parametrize("case", MARKDOWN)
def test_the_tables_of_a_text(case):
    text, rows = MARKDOWN[case]
    assert texts(load_document("a.md", text.encode())) == rows


def test_a_text_with_tabs_from_excel_is_a_table_and_indented_code_is_none():
    document = load_document("a.txt", "Name\tOrt\nMüller\tKöln\nGroß\tUlm\n".encode("utf-16"))
    assert texts(document) == ["Name: Müller; Ort: Köln", "Name: Groß; Ort: Ulm"]
    code = "if ready:\n\tname\ttown\n\tstart()\t# go\n\tstop()\t# end\n"
    assert load_document("b.txt", code.encode()).rows == ()


def test_a_table_that_only_arranges_markdown_stays_as_it_is():
    text = "# T\n\n<table><tr><td>one cell</td></tr></table>\n\nend"
    assert load_document("a.md", text.encode()).text == text
