"""Find the tables of LaTeX (tabular, longtable and the like), with cells that cover several columns or rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rag.documents.tables.grid import Cell, Grid, grid_of

_KINDS = r"(?:tabular[xy*]?|tabulary|longtable|longtabu|tabu|supertabular|xltabular)"
_ARGUMENTS = r"(?:[ \t\n]*\[[^\]\n]*\])*(?:[ \t]*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}){0,2}"
TABLE = re.compile(rf"\\begin\{{({_KINDS})\}}{_ARGUMENTS}((?:(?!\\begin\{{{_KINDS}\}}).)*?)\\end\{{\1\}}", re.DOTALL)
"""A table without tables in it; its second group are its rows."""
_ROW_END = re.compile(r"\\\\\*?(?:[ \t]*\[[^\]\n]*\])?|\\tabularnewline\b")
_CELL_END = re.compile(r"(?<!\\)&")
_RULE = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|specialrule|addlinespace|endlastfoot|endfoot|firsthline|lasthline)\b"
    r"(?:\[[^\]]*\]|\{[^{}]*\})*|\\c(?:line|midrule)\b(?:[\[(][^\])]*[\])])*\{[^{}]*\}|\\rowcolor(?:\[[^\]]*\])?\{[^{}]*\}"
)
_HEAD_END = re.compile(r"\\end(?:first)?head\b")
_MOST_COVERED = 100
"""Columns or rows that a cell covers."""
_GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
_ACROSS = re.compile(rf"\\multicolumn[ \t]*\{{(\d{{1,3}})\}}[ \t]*\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}[ \t]*{_GROUP}")
_DOWN = re.compile(
    rf"\\multirow(?:cell)?[ \t]*(?:\[[^\]]*\])?\{{(\d{{1,3}})\}}(?:\[[^\]]*\])?[ \t]*"
    rf"(?:\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}|[*=])?(?:\[[^\]]*\])?[ \t]*{_GROUP}"
)


def tex_grid(rows: str, plain: Callable[[str], str]) -> Grid | None:
    """The grid of a table; None if it is too large for one.

    Args:
        rows: what stands between its beginning and its end.
        plain: gives the text of a cell without commands.
    """
    head = _HEAD_END.search(rows)
    header_rows = len(list(_filled_rows(rows[: head.start()]))) if head else _rows_above_rule(rows)
    cells: list[Cell] = []
    for row, source in enumerate(_filled_rows(_HEAD_END.sub("", rows))):
        column = 0
        for part in _CELL_END.split(source):
            across, down = 1, 1
            if found := _ACROSS.search(part):
                across, part = min(max(1, int(found[1])), _MOST_COVERED), found[2]
            if found := _DOWN.search(part):
                down, part = min(max(1, int(found[1])), _MOST_COVERED), found[2]
            text = " ".join(plain(part).split())
            # An empty cell may be covered by one above it.
            cells += [Cell(row, column, text, down, across)] if text else []
            column += across
    try:
        return grid_of(cells, header_rows or None)
    except ValueError:
        return None


def _filled_rows(rows: str) -> Iterator[str]:
    """The rows without rules and without those that hold nothing, unless a cell of a row above covers them."""
    nothing = "" if "\\multirow" in rows else "&"
    for row in _ROW_END.split(_RULE.sub("", rows)):
        if row.replace(nothing, "").strip():
            yield row


def _rows_above_rule(rows: str) -> int:
    """The number of rows above the first rule that has rows on both sides, if no rule stands between later rows.

    With rules between all rows, none of them says where the header ends.
    """
    parts = [len(list(_filled_rows(part))) for part in _RULE.split(rows)]
    filled = [part for part in parts if part]
    return filled[0] if len(filled) == 2 else 0
