"""Tables as people keep them, in workbooks, documents and slides: each value stands under its own name."""

from __future__ import annotations

import pytest

from rag.documents.loading import load_document, table_columns
from tests.rag.documents.tables.drawn_tables import with_part
from tests.support.good_files import SENTENCE, docx, ods, open_document, paragraph, pptx, xlsx

_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_SHEET = "xl/worksheets/sheet1.xml"


def row_texts(document) -> list[str]:
    return [document.text[row.start : row.end] for row in document.rows]


def paths(document) -> list[str]:
    return [heading.path for heading in document.headings]


PROGRESS = [
    ["Progress report, week 14"],
    [""],
    ["Task", "Owner", "Due", "State"],
    ["Survey of the roof", "Ana Ruiz", "2025-04-10", "done"],
    ["Paint hall", "", "2025-04-12", "late"],
]


@pytest.mark.parametrize(("name", "make"), [("a.xlsx", lambda rows: xlsx({"Sheet": rows})), ("a.ods", ods)])
def test_the_header_is_found_below_a_title_and_a_due_date_is_no_owner(name, make):
    document = load_document(name, make(PROGRESS))
    assert row_texts(document) == [
        "Task: Survey of the roof; Owner: Ana Ruiz; Due: 2025-04-10; State: done",
        "Task: Paint hall; Due: 2025-04-12; State: late",
    ]
    assert document.text.startswith("Progress report, week 14\n\n")
    assert paths(document)[0].endswith(" > Progress report, week 14")
    assert ("Owner", "") in document.rows[1].fields


def test_the_customer_of_a_key_value_sheet_is_moor_farm():
    rows = [["Customer", "Moor Farm"], ["Contract", "C-17"], ["Start", ""], ["Fee", "120 euro a month"]]
    document = load_document("a.xlsx", xlsx({"Contract": rows}))
    assert document.text == "Customer: Moor Farm\nContract: C-17\nStart:\nFee: 120 euro a month"
    assert table_columns("a.xlsx", xlsx({"Contract": rows})) is None


def test_a_stray_note_next_to_a_table_stands_under_no_column():
    rows = [["Part", "Shelf", "Count", "Remark", "", "", ""]]
    rows += [
        [f"Bolt M{size}", f"S{size}", str(10 * size), "ok" if size % 2 else "", "", "", ""] for size in range(3, 9)
    ]
    rows[1][6] = "checked by Kim"
    document = load_document("a.xlsx", xlsx({"Stock": rows}))
    assert row_texts(document)[0] == "Part: Bolt M3; Shelf: S3; Count: 30; Remark: ok"
    assert document.text.endswith("\n\nchecked by Kim")
    assert all("Kim" not in value for row in document.rows for _, value in row.fields)


def test_two_tables_on_one_sheet_keep_their_own_names():
    below = [["Item", "Price"], ["Oar", "12"], ["Rope", "9"], ["", ""], ["Town", "People"], ["Leeds", "800"]]
    side_by_side = [
        ["Item", "Price", "", "Town", "People"],
        ["Oar", "12", "", "Leeds", "800"],
        ["Rope", "9", "", "York", "200"],
    ]
    assert row_texts(load_document("a.xlsx", xlsx({"S": below}))) == [
        "Item: Oar; Price: 12", "Item: Rope; Price: 9", "Town: Leeds; People: 800",
    ]  # fmt: skip
    assert row_texts(load_document("a.xlsx", xlsx({"S": side_by_side}))) == [
        "Item: Oar; Price: 12", "Item: Rope; Price: 9", "Town: Leeds; People: 800", "Town: York; People: 200",
    ]  # fmt: skip


def test_rows_below_a_blank_one_still_belong_to_the_table():
    rows = [["Item", "Price", "Count"], ["Oar", "12", "3"], ["", "", ""], ["Total", "12", "3"]]
    assert row_texts(load_document("a.xlsx", xlsx({"S": rows})))[-1] == "Item: Total; Price: 12; Count: 3"


def test_numbers_without_a_header_have_no_names():
    document = load_document("a.xlsx", xlsx({"S": [["1", "2", "3"], ["4", "", "6"]]}))
    assert document.text == "1 | 2 | 3\n4 |  | 6"


def test_a_hidden_sheet_is_named_as_hidden_and_a_comment_is_read():
    rows = {"Stock": [["Part", "Count"], ["Bolt", "3"]], "Pay": [["Person", "Salary"], ["Eve", "4000"]]}
    content = with_part(
        xlsx(rows), "xl/workbook.xml", lambda xml: xml.replace('name="Pay"', 'name="Pay" state="hidden"')
    )
    relation = '<Relationship Id="c" Type="x/comments" Target="/xl/comments1.xml"/>'
    note = '<comment ref="B2"><text><r><t>Estimated, ask </t></r><r><t>Eve</t></r></text></comment>'
    content = with_part(
        content, "xl/worksheets/_rels/sheet1.xml.rels", lambda _: f"<Relationships>{relation}</Relationships>"
    )
    content = with_part(
        content, "xl/comments1.xml", lambda _: f"<comments><commentList>{note}</commentList></comments>"
    )
    document = load_document("a.xlsx", content)
    assert row_texts(document) == [
        "Part: Bolt; Count: 3\nComment on Count: Estimated, ask Eve", "Person: Eve; Salary: 4000",
    ]  # fmt: skip
    assert paths(document) == ["Stock", "Pay (hidden sheet)"]
    assert "Sheet 'Pay' is hidden" in document.notes[0]


def test_a_formula_without_a_stored_result_is_named():
    content = xlsx({"Sums": [["Item", "Price", "Sum"], ["Oar", "12", "x"], ["Rope", "9", "x"]]})
    cell = '<c t="inlineStr"><is><t>x</t></is></c>'
    content = with_part(content, _SHEET, lambda xml: xml.replace(cell, '<c r="C2"><f>B2*2</f></c>', 1))
    content = with_part(content, _SHEET, lambda xml: xml.replace(cell, '<c r="C3"><f>B3*2</f><v>18</v></c>', 1))
    document = load_document("a.xlsx", content)
    assert row_texts(document) == ["Item: Oar; Price: 12", "Item: Rope; Price: 9; Sum: 18"]
    assert document.notes[0].startswith("Sheet 'Sums': 1 formula has no result in the file (C2).")


def test_dates_shares_and_money_read_as_the_sheet_shows_them():
    codes = ["dd.mm.yyyy", "0.0%", '#,##0.00\\ "€"', "General"]
    formats = "".join(
        f'<numFmt numFmtId="{164 + at}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
        for at, code in enumerate(codes)
    )
    styles = "".join(f'<xf numFmtId="{164 + at}"/>' for at in range(4))
    values = "".join(f'<c s="{at}"><v>{value}</v></c>' for at, value in enumerate((45759, 0.125, 1234.5, 0.1)))
    content = xlsx({"S": [["Day", "Share", "Price", "Weight"], ["x"]]})
    content = with_part(content, _SHEET, lambda xml: xml.replace('<c t="inlineStr"><is><t>x</t></is></c>', values))
    content = with_part(
        content, "xl/styles.xml", lambda _: f"<s><numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs></s>"
    )
    assert load_document("a.xlsx", content).text == "Day: 12.04.2025; Share: 12.5%; Price: 1,234.50 €; Weight: 0.1"


def test_a_cell_far_away_takes_no_memory():
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far away</t></is></c></row></sheetData>'
    content = with_part(xlsx({"S": [["near", "by"], ["1", "2"]]}), _SHEET, lambda xml: xml.replace("</sheetData>", far))
    document = load_document("a.xlsx", content)
    assert document.text == "near: 1; by: 2\n\nfar away"


def test_a_damaged_part_leaves_the_values_and_a_note():
    relation = '<Relationships><Relationship Id="c" Type="x/comments" Target="/xl/comments1.xml"/></Relationships>'
    content = xlsx({"S": [["Part", "Count"], ["Bolt", "3"]]})
    content = with_part(content, "xl/worksheets/_rels/sheet1.xml.rels", lambda _: relation)
    content = with_part(content, "xl/comments1.xml", lambda _: "<broken")
    document = load_document("a.xlsx", content)
    assert "Bolt" in document.text
    assert "only its values were read" in document.notes[0]


def test_a_hidden_sheet_and_repeated_cells_of_an_open_document():
    hidden = '<style:style xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" style:name="h">'
    hidden += '<style:table-properties table:display="false"/></style:style>'
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    rows = f"<table:table-row>{cell.format('Part')}{cell.format('Shelf')}{cell.format('Box')}</table:table-row>"
    same = '<table:table-cell table:number-columns-repeated="2"><text:p>S1</text:p></table:table-cell>'
    rows += f'<table:table-row table:number-rows-repeated="2">{cell.format("Bolt")}{same}</table:table-row>'
    rows += '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    table = f'{hidden}<table:table table:name="Stock" table:style-name="h">{rows}</table:table>'
    document = load_document("a.ods", open_document("spreadsheet", table))
    assert row_texts(document) == ["Part: Bolt; Shelf: S1; Box: S1"] * 2
    assert paths(document) == ["Stock (hidden sheet)"]


def test_a_word_table_stays_between_its_paragraphs():
    rows = [["Machine", "Rate", "Note"], ["Digger", "120 a day", ""], ["Saw", "", "blade extra"]]
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"
    document = load_document("a.docx", docx(paragraph("Terms of hire") + table + paragraph(SENTENCE)))
    assert document.text == (
        f"Terms of hire\n\nMachine: Digger; Rate: 120 a day\nMachine: Saw; Note: blade extra\n\n{SENTENCE}"
    )


def test_a_word_table_that_arranges_text_is_text_again():
    inner = f"<w:tbl><w:tr><w:tc>{paragraph('Item')}</w:tc><w:tc>{paragraph('Price')}</w:tc></w:tr>"
    inner += f"<w:tr><w:tc>{paragraph('Oar')}</w:tc><w:tc>{paragraph('12')}</w:tc></w:tr></w:tbl>"
    frame = (
        f"<w:tbl><w:tblPr/><w:tr><w:tc><w:tcPr/>{paragraph(SENTENCE)}{inner}{paragraph('end')}</w:tc></w:tr></w:tbl>"
    )
    document = load_document("a.docx", docx(paragraph("Start") + frame))
    assert document.text == f"Start\n\n{SENTENCE}\n\nItem: Oar; Price: 12\n\nend"


def test_deleted_words_and_rows_of_a_word_table_are_gone():
    gone = '<w:del w:id="1"><w:r><w:delText>old</w:delText></w:r></w:del>'
    row = "<w:tr>{}<w:tc>" + paragraph("{}") + "</w:tc><w:tc>{}</w:tc></w:tr>"
    rows = row.format("", "Item", paragraph("Price"))
    rows += row.format("", "Oar", f"<w:p>{gone}<w:ins w:id='2'><w:r><w:t>14</w:t></w:r></w:ins></w:p>")
    rows += row.format("<w:trPr><w:del w:id='3'/></w:trPr>", "Rope", paragraph("9"))
    assert load_document("a.docx", docx(f"<w:tbl>{rows}</w:tbl>")).text == "Item: Oar; Price: 14"


def test_a_table_with_names_alone_keeps_them():
    table = "<table><tr><th>One</th><th>Two</th></tr><tr><td></td><td></td></tr></table>"
    assert "One | Two" in load_document("a.html", f"<p>{SENTENCE}</p>{table}".encode()).text


def test_a_web_pages_layout_is_no_table_and_a_caption_is_kept():
    data = (
        "<table><caption>Fees</caption><thead><tr><th>Boat<th>Fee</thead><tr><td>Canoe<td>25<tr><td>Kayak<td>31</table>"
    )
    page = f"<table><tr><td><h1>Club</h1><p>{SENTENCE}</p></td><td>{data}</td></tr></table>"
    document = load_document("a.html", page.encode())
    assert document.text == f"# Club\n\n{SENTENCE}\n\nFees\n\nBoat: Canoe; Fee: 25\nBoat: Kayak; Fee: 31"
    assert paths(document) == ["Club"]


def test_a_table_in_an_open_document_has_its_merged_cells():
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>"
    rows = [
        cell.format("", "Machine") + cell.format("", "Rate"),
        cell.format(' table:number-rows-spanned="2"', "Digger") + cell.format("", "120 a day"),
        "<table:covered-table-cell/>" + cell.format("", "500 a week"),
    ]
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    body = f"<text:p>Hire</text:p><table:table>{table}</table:table><text:p>End</text:p>"
    document = load_document("a.odt", open_document("text", body))
    assert document.text == "Hire\n\nMachine: Digger; Rate: 120 a day\nMachine: Digger; Rate: 500 a week\n\nEnd"


def test_pipes_in_code_are_no_table_and_an_escaped_one_is_in_its_cell():
    code = "```\n| a | b |\n| - | - |\n| 1 | 2 |\n```"
    table = "| Key | Use |\n|:--|--:|\n| `a|b` | this \\| that |\n| c |\n"
    document = load_document("a.md", f"# Keys\n\n{code}\n\n{table}\nafter".encode())
    assert code in document.text
    assert row_texts(document) == ["Key: `a|b`; Use: this | that", "Key: c"]
    assert document.text.endswith("Key: c\n\nafter")


def test_lyons_value_belongs_to_2024_and_the_charts_numbers_are_read():
    cells = [["Plant", "2023", "2024"], ["Lyon", "", "41"], ["Turin", "37", ""]]
    body = "".join(
        "<a:tr>"
        + "".join(f"<a:tc><a:txBody><a:p><a:r><a:t>{cell}</a:t></a:r></a:p></a:txBody></a:tc>" for cell in row)
        + "</a:tr>"
        for row in cells
    )
    content = pptx([("Results", "x")])
    slide = "ppt/slides/slide1.xml"
    content = with_part(content, slide, lambda xml: xml.replace("</p:spTree>", f"<a:tbl>{body}</a:tbl></p:spTree>"))
    relation = '<Relationship Id="r" Type="x/chart" Target="../charts/chart1.xml"/>'
    content = with_part(
        content, "ppt/slides/_rels/slide1.xml.rels", lambda _: f"<Relationships>{relation}</Relationships>"
    )
    content = with_part(content, "ppt/charts/chart1.xml", lambda _: _chart())
    text = load_document("a.pptx", content).text
    assert "Plant: Lyon; 2024: 41\nPlant: Turin; 2023: 37" in text
    assert "category: Q1; Bikes: 120; Scooters: 7\ncategory: Q2; Bikes: 340; Scooters: 8" in text


def _chart() -> str:
    series = ""
    for name, values in (("Bikes", (120, 340)), ("Scooters", (7, 8))):
        points = "".join(f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values))
        names = "".join(f'<c:pt idx="{at}"><c:v>Q{at + 1}</c:v></c:pt>' for at in range(2))
        series += (
            f"<c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>{name}</c:v></c:pt></c:strCache></c:strRef></c:tx>"
        )
        series += f"<c:cat><c:strRef><c:strCache>{names}</c:strCache></c:strRef></c:cat>"
        series += f"<c:val><c:numRef><c:numCache>{points}</c:numCache></c:numRef></c:val></c:ser>"
    return f'<c:chartSpace xmlns:c="{_CHART}"><c:chart><c:plotArea>{series}</c:plotArea></c:chart></c:chartSpace>'
