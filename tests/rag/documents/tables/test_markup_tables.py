"""Tables in reStructuredText, Org, AsciiDoc and LaTeX: what their syntax states, and what is no table."""

from __future__ import annotations

import random

import pytest

from rag.documents.loading import load_document

CASES = {
    "csv with another separator.rst": (
        ".. csv-table:: Fees\n   :delim: ;\n   :header-rows: 1\n\n   Boat;Fee\n   \"Canoe; old\";12\n   Kayak;9\n",
        ["Boat: Canoe; old; Fee: 12", "Boat: Kayak; Fee: 9"],
    ),
    "list with lines that go on.rst": (
        ".. list-table::\n   :header-rows: 1\n\n   * - Boat\n     - Note\n   * - Canoe\n     - leaks,\n       a bit\n",
        ["Boat: Canoe; Note: leaks, a bit"],
    ),
    "simple with a cell of two lines.rst": (
        "=====  ========\nBoat   Remark\n=====  ========\nCanoe  leaks\n       a little\nKayak  new\n=====  ========\n",
        ["Boat: Canoe; Remark: leaks a little", "Boat: Kayak; Remark: new"],
    ),
    "empty cells.org": ("| Boat | Fee |\n|------+-----|\n| Canoe | |\n| | 9 |\n", ["Boat: Canoe", "Fee: 9"]),
    "rules between rows.org": (
        "| Boat | Fee |\n|------+-----|\n| Canoe | 12 |\n|------+-----|\n| Kayak | 9 |\n",
        ["Boat: Canoe; Fee: 12", "Boat: Kayak; Fee: 9"],
    ),
    "a cell a line.adoc": (
        "[%header,cols=2*]\n|===\n|Boat\n|Fee\n\n|Canoe\n|12 a|x\n|===\n", ["Boat: Canoe; Fee: 12", "Boat: x"],
    ),
    "cells that cover others.adoc": (
        "[cols=\"3*\"]\n|===\n|Boat |Half |Full\n\n.2+|Canoe |1 |2\n|3 |4\n|Kayak 2+|9\n|===\n",
        ["Boat: Canoe; Half: 1; Full: 2", "Boat: Canoe; Half: 3; Full: 4", "Boat: Kayak; Half: 9; Full: 9"],
    ),
    "a bar that is written.adoc": ("|===\n|Boat |Code\n\n|Canoe |a\\|b\n|===\n", ["Boat: Canoe; Code: a|b"]),
    "cells that cover others.tex": (
        "\\begin{tabular}{lrr}\\toprule\n\\textbf{Boat} & \\multicolumn{2}{c}{Fee} \\\\ \\midrule\n"
        "\\multirow{2}{*}{Canoe} & 1 & 2 \\\\\n & 3 & 4\\\\[2pt]\n\\bottomrule\\end{tabular}",
        ["Boat: Canoe; Fee: 1; Fee 3: 2", "Boat: Canoe; Fee: 3; Fee 3: 4"],
    ),
    "a header that is repeated on each page.tex": (
        "\\begin{longtable}{ll}\nBoat & Fee \\\\ \\hline \\endfirsthead\nBoat & Fee \\\\ \\hline \\endhead\n\\hline"
        " \\endfoot\nCanoe \\& co & 12\\,\\% \\\\\nKayak & 9 \\\\\n\\end{longtable}",
        ["Boat: Canoe & co; Fee: 12 %", "Boat: Kayak; Fee: 9"],
    ),
    "a width and rules between rows.tex": (
        "\\begin{tabularx}{5cm}{X|X}\nBoat & Fee \\\\ \\hline Canoe & 12 \\\\ \\hline Kayak & 9\n\\end{tabularx}",
        ["Boat: Canoe; Fee: 12", "Boat: Kayak; Fee: 9"],
    ),
}  # fmt: skip
IN_CODE = {
    "a.org": "#+begin_src org\n| a | b |\n|---+---|\n| 1 | 2 |\n#+end_src\n",
    "a.adoc": "----\n|===\n|a |b\n\n|1 |2\n|===\n----\n",
    "a.tex": "\\begin{verbatim}\n\\begin{tabular}{ll}a & b \\\\ 1 & 2\\end{tabular}\n\\end{verbatim}",
    "a.rst": ".. csv-table:: Fees\n   :file: fees.csv\n",
}


@pytest.mark.parametrize("case", CASES)
def test_a_row_is_written_with_the_names_of_its_columns(case: str):
    source, expected = CASES[case]
    document = load_document(f"a.{case.rpartition('.')[2]}", f"The boats of the harbour.\n\n{source}\n\nMore.".encode())
    assert [document.text[row.start : row.end] for row in document.rows] == expected
    assert document.text.startswith("The boats of the harbour.")
    assert document.text.endswith("More.")


@pytest.mark.parametrize("name", IN_CODE)
def test_what_is_in_code_or_in_another_file_stays_as_it_is(name: str):
    document = load_document(name, f"The boats.\n\n{IN_CODE[name]}".encode())
    assert document.rows == ()
    assert ("fees.csv" if name == "a.rst" else "1") in document.text


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.adoc", '[cols="500*"]\n|===\n' + ".900+|a\n" * 2000 + "|===\n"),
        ("a.adoc", "|===\n99999999999999.999999999+|a\n|===\n"),
        ("a.tex", r"\begin{tabular}{l}" + r"\multicolumn{999}{l}{y} & x \\ " * 60_000 + r"\end{tabular}"),
        ("a.tex", r"\begin{tabular}{l}\multicolumn{2}{c}{x} & y \endfirsthead\end{tabular}"),
    ],
    ids=["rows over rows", "large numbers", "columns over columns", "only a header"],
)
def test_a_table_without_a_sensible_size_loses_no_word(name: str, source: str):
    before, _, table = load_document(name, f"The boats.\n\n{source}".encode()).text.partition("The boats.")
    assert before == ""
    assert ("a" if name == "a.adoc" else "x") in table


PARTS = {
    "a.rst": (".. csv-table:: x\n", ".. list-table::\n", "   :header-rows: 1\n", '   :delim: "\n', "\n", "   * - a\n",
              "     - b\n", "   *\n", "==== ===\n", "a    b\n", "     c\n", "+--+--+\n", "|a |b |\n", "   a,b\n"),
    "a.org": ("| a | b |\n", "|---+--|\n", "|-\n", "|\n", "| |\n", "||\n", "* H\n", "x\n", "#+begin_src\n", "\n"),
    "a.adoc": ("|===\n", "|a |b\n", "2+|c\n", ".3+|d\n", "0+|e\n", "2*|f\n", "\n", '[cols="0*"]\n', ".T\n", "a|x\n"),
    "a.tex": ("\\begin{tabular}{ll}", "\\end{tabular}", "a", "&", "\\\\", "\\hline", "\\multicolumn{2}{c}{x}",
              "\\multirow{3}{*}{y}", "\\multicolumn{0}{c}{}", "\\endhead", "\\endfirsthead", "{", "}", "\\section{S}"),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_any_order_of_a_tables_signs_is_read(name: str):
    order = random.Random(3)
    for _ in range(500):
        source = "".join(order.choices(PARTS[name], k=order.randint(1, 25)))
        document = load_document(name, f"The boats.\n\n{source}".encode())
        assert all(document.text[row.start : row.end].strip() for row in document.rows), source
        assert not any("\ufdd0" <= sign <= "\ufdef" for sign in document.text), source
