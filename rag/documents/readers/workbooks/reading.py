"""Read workbooks (XLSX, ODS, XLS): their sheets as they are shown, or their values alone if a file is damaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree

from rag.documents.formats import ODS, XLSX
from rag.documents.parsed import Parsed
from rag.documents.readers.markup import parse_xml
from rag.documents.readers.office import extract_sheets
from rag.documents.readers.open_tables import open_sheets
from rag.documents.readers.workbooks.excel import DAMAGE, read_excel
from rag.documents.readers.workbooks.joined_sheets import all_table_rows, join_sheets
from rag.documents.readers.zip_packages import ZIP_ERRORS, open_package, read_part
from rag.documents.tables.sheet import Sheet
from rag.errors import DocumentError
from rag.types import Fields

_VALUES_ALONE = (
    "A part of the workbook is damaged, so only its values were read: merged cells, comments, number formats and "
    "hidden sheets are not known."
)


@dataclass(frozen=True, slots=True)
class _Workbook:
    sheets: Sequence[Sheet]
    notes: tuple[str, ...] = ()


def read_workbook(name: str, media_type: str, content: bytes, text_columns: tuple[str, ...] = ()) -> Parsed:
    """The text of a workbook; see `join_sheets`.

    Raises:
        DocumentError: damaged, protected by a password, too large, or without a chosen column.
    """
    workbook = _read(name, media_type, content)
    parsed = join_sheets(name, workbook.sheets, text_columns)
    return replace(parsed, notes=(*workbook.notes, *parsed.notes))


def workbook_rows(name: str, media_type: str, content: bytes) -> list[Fields]:
    """The rows of all tables of a workbook.

    Raises:
        DocumentError: damaged, protected by a password, or too large.
    """
    return all_table_rows(_read(name, media_type, content).sheets)


def _read(name: str, media_type: str, content: bytes) -> _Workbook:
    if media_type == ODS:
        return _Workbook(_read_ods(name, content))
    if media_type == XLSX:
        try:
            return _Workbook(read_excel(name, content))
        except DAMAGE:
            return _Workbook(extract_sheets(name, media_type, content), (_VALUES_ALONE,))
    return _Workbook(extract_sheets(name, media_type, content))


def _read_ods(name: str, content: bytes) -> list[Sheet]:
    with open_package(name, content) as package:
        try:
            root = parse_xml(read_part(package, "content.xml"))
        except (*ZIP_ERRORS, ElementTree.ParseError) as error:
            raise DocumentError(f"'{name}' is damaged: {error}. Open it in Calc and save it again.") from error
    try:
        return [sheet for sheet in open_sheets(root) if sheet.cells]
    except ValueError as error:
        raise DocumentError(f"'{name}': {error}. Split the sheet.") from error
