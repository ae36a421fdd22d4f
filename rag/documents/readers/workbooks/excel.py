"""Read Excel workbooks (XLSX) as their sheets show them: merged cells, comments, hidden sheets, number formats.

The parts of the file: ECMA-376, part 1, section 18.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from rag.documents.parsed import clean
from rag.documents.readers.markup.xml import parse_xml
from rag.documents.readers.office_xml.relations import Relation, main_part, part_of_kind, relations_of
from rag.documents.readers.workbooks.drawn import drawn_texts, header_text
from rag.documents.readers.workbooks.number_formats import BUILT_IN, shown
from rag.documents.readers.zip_packages import ZIP_ERRORS, open_package, read_part
from rag.documents.tables.grid import Cell
from rag.documents.tables.sheet import Sheet, sheet_of
from rag.errors import DocumentError

DAMAGE = (*ZIP_ERRORS, ElementTree.ParseError, LookupError)
"""What reading a damaged workbook raises."""
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ON = ("1", "true")
_HEADERS = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
_MOST_MERGED = 200_000


@dataclass(frozen=True, slots=True)
class _Workbook:
    """What all sheets of a workbook share: texts, the format code of each style, and how days are counted."""

    texts: list[str]
    codes: list[str]
    from_1904: bool


@dataclass(frozen=True, slots=True)
class _Listed:
    name: str
    part: str
    is_hidden: bool


def read_excel(name: str, content: bytes) -> list[Sheet]:
    """The sheets of a workbook that have a cell with a value or a comment, in their order.

    Raises:
        DocumentError: it is protected by a password, is no ZIP file, or a sheet has too many cells.
        DAMAGE: a part of it is damaged or missing.
    """
    with open_package(name, content) as package:
        main = main_part(package, "xl/workbook.xml")
        root = parse_xml(read_part(package, main))
        relations = relations_of(package, main)
        workbook = _Workbook(
            _shared_texts(package, relations),
            _format_codes(package, relations),
            any(item.get("date1904", "") in ("1", "true") for item in _all(root, "workbookPr")),
        )
        sheets = (_read_sheet(name, package, listed, workbook) for listed in _listed(root, relations))
        return [sheet for sheet in sheets if sheet.cells or sheet.drawn]


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(root: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    return (element for element in root.iter() if _local(element) == tag)


def _attribute(element: ElementTree.Element, name: str) -> str:
    """An attribute whose namespace differs between the versions of the format."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def _listed(root: ElementTree.Element, relations: dict[str, Relation]) -> Iterator[_Listed]:
    for item in _all(root, "sheet"):
        key = next((value for name, value in item.items() if name.endswith("}id")), "")
        relation = relations.get(key)
        if relation is not None and relation.kind in ("worksheet", "chartsheet", "dialogsheet"):
            yield _Listed(clean(item.get("name", "")), relation.part, item.get("state", "visible") != "visible")


def _shared_texts(package: zipfile.ZipFile, relations: dict[str, Relation]) -> list[str]:
    part = part_of_kind(relations, "sharedStrings") or "xl/sharedStrings.xml"
    content = read_part(package, part)
    return [_text_of(item) for item in _all(parse_xml(content), "si")] if content else []


def _text_of(item: ElementTree.Element) -> str:
    """The text of a string with its runs, without the readings of Japanese words."""
    pieces = []
    for child in item:
        if _local(child) == "t":
            pieces.append(child.text or "")
        elif _local(child) == "r":
            pieces += [run.text or "" for run in child if _local(run) == "t"]
    return clean(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), "".join(pieces)))


def _format_codes(package: zipfile.ZipFile, relations: dict[str, Relation]) -> list[str]:
    """The format code of each cell style, by its number."""
    part = part_of_kind(relations, "styles") or "xl/styles.xml"
    content = read_part(package, part)
    if not content:
        return []
    root = parse_xml(content)
    codes = dict(BUILT_IN)
    codes |= {int(item.get("numFmtId", "0")): item.get("formatCode", "") for item in _all(root, "numFmt")}
    styles = next(_all(root, "cellXfs"), None)
    return [codes.get(int(item.get("numFmtId", "0")), "") for item in (styles if styles is not None else ())]


def _read_sheet(name: str, package: zipfile.ZipFile, listed: _Listed, workbook: _Workbook) -> Sheet:
    read = _read_cells(read_part(package, listed.part), workbook)
    cells, hidden = read.cells, read.hidden
    if read.merged:
        spans = ((cell, read.merged.get((cell.row, cell.column), (1, 1))) for cell in cells)
        cells = [Cell(*cell[:3], max(rows, 1), max(columns, 1)) for cell, (rows, columns) in spans]
    comments = _comments(package, listed.part)
    if comments:
        cells += [Cell(*place, "") for place in comments.keys() - {(cell.row, cell.column) for cell in cells}]
    drawn = tuple(dict.fromkeys(filter(None, (*drawn_texts(package, listed.part), *read.headers))))
    sheet = Sheet(
        listed.name, (), listed.is_hidden, comments, tuple(read.not_computed), drawn=drawn,
        hidden_rows=hidden.rows, hidden_columns=hidden.filled(cells),
    )  # fmt: skip
    try:
        return sheet_of(sheet, cells)
    except ValueError as error:
        raise DocumentError(f"'{name}': sheet '{listed.name}' has {error}. Split the sheet.") from error


@dataclass(slots=True)
class _Hidden:
    """The number of hidden rows with a value, and the ranges of hidden columns."""

    rows: int = 0
    columns: list[range] = field(default_factory=list)

    def filled(self, cells: Sequence[Cell]) -> int:
        """The number of hidden columns with a value."""
        if not self.columns:
            return 0
        return sum(any(column in one for one in self.columns) for column in {cell.column for cell in cells})


@dataclass(slots=True)
class _Read:
    """What the part of a sheet holds: cells, how many rows and columns merged ones cover, page headers."""

    cells: list[Cell] = field(default_factory=list)
    merged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    not_computed: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    hidden: _Hidden = field(default_factory=_Hidden)


def _read_cells(part: bytes, workbook: _Workbook) -> _Read:
    read = _Read()
    row = column = -1
    for _, element in ElementTree.iterparse(io.BytesIO(part)):
        match _local(element):
            case "mergeCell" if len(read.merged) < _MOST_MERGED:
                first, last = _corners(element.get("ref", ""))
                read.merged[first] = (last[0] - first[0] + 1, last[1] - first[1] + 1)
            case kind if kind in _HEADERS:
                read.headers.append(header_text(kind, element.text or ""))
            case "col" if element.get("hidden") in _ON:
                read.hidden.columns.append(range(int(element.get("min", "1")) - 1, int(element.get("max", "1"))))
            case "row":
                row = int(element.get("r", row + 2)) - 1
                column = -1
                for item in element:
                    if _local(item) != "c":
                        continue
                    place = _PLACE.fullmatch(item.get("r", ""))
                    column = _column_number(place[1]) if place else column + 1
                    text = _shown_value(item, workbook)
                    if text:
                        read.cells.append(Cell(row, column, text))
                    elif _has_formula_alone(item):
                        read.not_computed.append(item.get("r", f"{row + 1}"))
                if element.get("hidden") in _ON and read.cells and read.cells[-1].row == row:
                    read.hidden.rows += 1
                element.clear()
    return read


def _corners(reference: str) -> tuple[tuple[int, int], tuple[int, int]]:
    first, _, last = reference.partition(":")
    return _place(first), _place(last or first)


def _place(reference: str) -> tuple[int, int]:
    """Row and column, from 0, of a cell that is named like "C2".

    Raises:
        ValueError: it is named in another way.
    """
    found = _PLACE.fullmatch(reference)
    if not found:
        raise ValueError(f"'{reference}' is no cell")
    return int(found[2]) - 1, _column_number(found[1])


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _shown_value(cell: ElementTree.Element, workbook: _Workbook) -> str:
    """A cell's value as the sheet shows it; empty if it has none."""
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return " ".join(_text_of(item) for item in cell if _local(item) == "is").strip()
    value = next((item.text or "" for item in cell if _local(item) == "v"), "").strip()
    if kind == "s":
        return workbook.texts[int(value)].strip() if value else ""
    if kind == "b" and value:
        return "TRUE" if value == "1" else "FALSE"
    if kind == "d":
        return value.removesuffix("T00:00:00").replace("T", " ")
    if kind != "n" or not value:
        return clean(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), value))
    style = int(cell.get("s", "0"))
    code = workbook.codes[style] if 0 <= style < len(workbook.codes) else ""
    return shown(float(value), code, from_1904=workbook.from_1904)


def _has_formula_alone(cell: ElementTree.Element) -> bool:
    """Whether a cell has a formula, but the file does not hold what it comes to."""
    tags = {_local(item) for item in cell}
    has_value = any(_local(item) == "v" and item.text is not None for item in cell)
    return "f" in tags and not has_value and cell.get("t") != "str"


def _comments(package: zipfile.ZipFile, part: str) -> dict[tuple[int, int], str]:
    """The comments on cells, by row and column; replies to a comment follow it."""
    found: dict[tuple[int, int], list[str]] = {}
    relations = list(relations_of(package, part).values())
    threads = [one.part for one in relations if one.kind == "threadedComment"]
    for target in threads or [one.part for one in relations if one.kind == "comments"]:
        content = read_part(package, target)
        if not content:
            continue
        root = parse_xml(content)
        for item in [*_all(root, "threadedComment"), *_all(root, "comment")]:
            texts = (_text_of(child) or (child.text or "") for child in item if _local(child) == "text")
            text = " ".join(" ".join(texts).split())
            if text:
                found.setdefault(_place(_attribute(item, "ref")), []).append(clean(text))
    return {place: " / ".join(texts) for place, texts in found.items()}
