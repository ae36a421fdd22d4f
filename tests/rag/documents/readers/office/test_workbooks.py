"""Workbooks: texts besides the cells of XLSX, names in capitals, and Excel of older and binary kinds."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment

from rag.documents.formats import DOC, XLS, sniff
from rag.documents.loading import load_document, table_columns
from rag.documents.readers.workbooks.drawn import header_text
from rag.documents.readers.workbooks.older import shown_value
from rag.errors import DocumentError
from tests.support.formats.excel_files import xls, xlsb
from tests.support.formats.outlook_files import compound_file
from tests.support.good_files import SENTENCE, xlsx

ROWS: list[list[str | float]] = [["Part", "Price"], ["Bolt", 3.5], ["Nut", 2.0]]
_XDR = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def changed(content: bytes, parts: dict[str, str], *, in_capitals: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(buffer, "w") as written:
        for name in package.namelist():
            if name not in parts:
                written.writestr(name.upper() if in_capitals else name, package.read(name))
        for name, part in parts.items():
            written.writestr(name, part)
    return buffer.getvalue()


def test_boxes_and_shapes_on_a_sheet_are_read_once():
    body = f'<xdr:txBody><a:p xmlns:a="{_A}"><a:r><a:t>Without VAT</a:t></a:r></a:p></xdr:txBody>'
    shape = f'<xdr:grpSp><xdr:sp><xdr:nvSpPr><xdr:cNvPr descr="A price list"/></xdr:nvSpPr>{body}</xdr:sp></xdr:grpSp>'
    shape += (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice>'
        f"<xdr:sp>{body.replace('Without VAT', 'In euro')}</xdr:sp></mc:Choice><mc:Fallback><xdr:sp>{body}</xdr:sp>"
        "</mc:Fallback></mc:AlternateContent>"
    )
    relation = (
        f'<Relationships><Relationship Id="d" Type="{_R}/drawing" Target="../drawings/drawing1.xml"/></Relationships>'
    )
    content = changed(
        xlsx({"Prices": [["Part", "Price"], ["Bolt", "3"]]}),
        {
            "xl/worksheets/_rels/sheet1.xml.rels": relation,
            "xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="{_XDR}">{shape}</xdr:wsDr>',
        },
    )
    text = load_document("a.xlsx", content).text
    assert text == "Part: Bolt; Price: 3\n\nPicture: A price list\n\nWithout VAT\n\nIn euro"


def test_comments_charts_titles_and_headers_that_openpyxl_writes_are_read():
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in ROWS:
        sheet.append(row)
    sheet["B2"].comment = Comment("Since May?", "Eve")
    sheet.oddHeader.left.text = "Price list"
    sheet.oddFooter.center.text = "Page &P of &N"
    chart = BarChart()
    chart.title = "Prices of parts"
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "D1")
    buffer = io.BytesIO()
    workbook.save(buffer)
    text = load_document("a.xlsx", buffer.getvalue()).text
    assert "Comment on Price: Since May?" in text
    assert "Chart: Prices of parts" in text
    assert text.endswith("Header: Price list")
    assert "Page" not in text


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        ("oddHeader", '&L&"Arial,Bold"&12Plan &&&R2024', "Header: Plan & | 2024"),
        ("evenFooter", "&CPage &P of &N", ""),
        ("oddFooter", "&L&KFF0000Acme&CPage &P", "Footer: Acme"),
        ("oddHeader", "&D &T &F", ""),
        ("oddHeader", "&[TAB]", ""),
    ],
)
def test_codes_of_page_headers_are_no_text(kind, code, text):
    assert header_text(kind, code) == text


def test_a_sheet_with_a_box_alone_is_read():
    body = f'<xdr:txBody><a:p xmlns:a="{_A}"><a:r><a:t>{SENTENCE}</a:t></a:r></a:p></xdr:txBody>'
    relation = (
        f'<Relationships><Relationship Id="d" Type="{_R}/drawing" Target="../drawings/drawing1.xml"/></Relationships>'
    )
    content = changed(
        xlsx({"Cover": [[]]}),
        {
            "xl/worksheets/_rels/sheet1.xml.rels": relation,
            "xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="{_XDR}"><xdr:sp>{body}</xdr:sp></xdr:wsDr>',
        },
    )
    document = load_document("a.xlsx", content)
    assert document.text == SENTENCE
    assert [heading.path for heading in document.headings] == ["Cover"]


def test_names_in_capitals_are_read():
    content = changed(xlsx({"Prices": [["Part", "Price"], ["Bolt", "3"]]}), {}, in_capitals=True)
    document = load_document("a.xlsx", content)
    assert document.text == "Part: Bolt; Price: 3"
    assert document.notes == ()


def test_excel_97_is_read_with_its_comments_boxes_and_header():
    content = xls(ROWS, comments={(1, 1): "Since\nMay?"}, boxes=["Ohne MwSt"], header="&LPreise")
    document = load_document("a.xls", content)
    assert document.text == (
        "Part: Bolt; Price: 3.5\nComment on Price: Since May?\n\nPart: Nut; Price: 2\n\nHeader: Preise\n\nOhne MwSt"
    )
    assert [heading.path for heading in document.headings] == ["Prices"]


@pytest.mark.parametrize(("code_page", "encoding", "word"), [(1252, "cp1252", "Größe"), (1251, "cp1251", "Цена")])
def test_excel_5_is_read_in_its_code_page(code_page, encoding, word):
    content = xls([["Part", word], ["Bolt", 3.5]], version=0x0500, code_page=code_page, encoding=encoding)
    assert load_document("a.xls", content).text == f"Part: Bolt; {word}: 3.5"


def test_an_unknown_code_page_does_not_keep_a_workbook_from_being_read():
    for content in (xls(ROWS, code_page=5212), xls(ROWS, version=0x0500, code_page=5212, encoding="cp1252")):
        assert load_document("a.xls", content).text.split("\n")[::2] == [
            "Part: Bolt; Price: 3.5",
            "Part: Nut; Price: 2",
        ]


def test_a_binary_workbook_is_read_and_is_a_table():
    content = xlsb([["Part", "Text"], ["Bolt", SENTENCE], ["Nut", SENTENCE]])
    document = load_document("a.xlsb", content)
    assert document.text.count(SENTENCE) == 2
    assert document.rows[0].fields == (("Part", "Bolt"),)
    columns = table_columns("a.xlsb", content)
    assert columns is not None
    assert columns.names == ("Part", "Text")


def test_comments_of_a_binary_workbook_are_read_as_those_of_an_older_one():
    rows, comments = [["Part", "Price"], ["Bolt", "3.5"], ["Nut", "two"]], {(1, 1): "net of tax", (2, 0): "x" * 200}
    text = load_document("a.xlsb", xlsb(rows, comments)).text
    assert text == load_document("a.xls", xls(rows, comments=comments)).text
    assert "net of tax" in text


@pytest.mark.parametrize("start", [b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00"])
def test_excel_4_and_older_are_named(start):
    with pytest.raises(DocumentError, match=r"'a\.xls' is a workbook of Excel [234], which is not supported"):
        load_document("a.xls", start + bytes(range(200)))


def test_a_workbook_with_a_document_in_it_is_a_workbook():
    book = {"Workbook": b"\0" * 5000, "MBD0001": {"WordDocument": b"\0" * 5000}}
    assert sniff(compound_file(book)) == XLS
    assert sniff(compound_file({"WordDocument": b"\0" * 5000, "ObjectPool": {"Workbook": b"\0" * 5000}})) == DOC


def test_a_damaged_older_workbook_is_named():
    with pytest.raises(DocumentError, match=r"'a\.xls' could not be read as an Excel workbook"):
        load_document("a.xls", compound_file({"Workbook": b"\xff" * 5000}))


def test_values_are_shown_without_needless_digits():
    import datetime

    assert [shown_value(value) for value in (2.0, 0.1, 1e20, True, "x")] == ["2", "0.1", "1e+20", "TRUE", "x"]
    day = datetime.datetime(2025, 4, 12)
    assert shown_value(day) == "2025-04-12"
    assert shown_value(day.replace(hour=7)) == "2025-04-12 07:00:00"
    assert shown_value(datetime.time(7, 5)) == "07:05:00"
    assert shown_value(datetime.timedelta(hours=30, minutes=5)) == "30:05:00"
