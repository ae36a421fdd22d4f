"""Read workbooks (XLSX, ODS, XLS, XLSB): their sheets as they are shown, or their values alone if a file is damaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.documents.column_roles import GUESSED, ColumnRoles
from rag.documents.formats import ODS, XLSX
from rag.documents.parsed import Parsed
from rag.documents.readers.opendocument.blocks import BlockWriter
from rag.documents.readers.opendocument.parts import OpenParts
from rag.documents.readers.opendocument.tables import open_sheets
from rag.documents.readers.opendocument.texts import left_out
from rag.documents.readers.workbooks.excel import DAMAGE, read_excel
from rag.documents.readers.workbooks.joined_sheets import all_table_rows, join_sheets
from rag.documents.readers.workbooks.older import read_older_excel
from rag.documents.readers.writing.flow import TextFlow
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


def read_workbook(name: str, media_type: str, content: bytes, roles: ColumnRoles = GUESSED) -> Parsed:
    """The text of a workbook; see `join_sheets`.

    Raises:
        DocumentError: damaged, protected by a password, too large, or without a chosen column.
    """
    workbook = _read(name, media_type, content)
    parsed = join_sheets(name, workbook.sheets, roles)
    return replace(parsed, notes=(*workbook.notes, *parsed.notes))


def workbook_rows(name: str, media_type: str, content: bytes) -> list[Fields]:
    """The rows of all tables of a workbook.

    Raises:
        DocumentError: damaged, protected by a password, or too large.
    """
    return all_table_rows(_read(name, media_type, content).sheets)


def _read(name: str, media_type: str, content: bytes) -> _Workbook:
    if media_type == ODS:
        return _read_ods(name, content)
    if media_type == XLSX:
        try:
            return _Workbook(read_excel(name, content))
        except DAMAGE:
            return _Workbook(read_older_excel(name, media_type, content), (_VALUES_ALONE,))
    return _Workbook(read_older_excel(name, media_type, content))


def _read_ods(name: str, content: bytes) -> _Workbook:
    parts = OpenParts.of(name, content, "Calc")
    writer = BlockWriter(parts, TextFlow())
    try:
        sheets = open_sheets(parts.bodies("spreadsheet"), writer.styles.hidden_tables, writer.cell_text)
        found = [sheet for sheet in sheets if sheet.cells or sheet.drawn]
    except ValueError as error:
        raise DocumentError(f"'{name}': {error}. Split the sheet.") from error
    return _Workbook(found, tuple(left_out(parts)))
