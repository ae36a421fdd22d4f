"""Sheets as customers keep them, written by openpyxl: budgets, pivots, forms, units, groups, repeated headers."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Sequence

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from rag.documents.loading import load_document
from rag.types import Document

Value = str | float | datetime.date | datetime.time | None


def sheet(rows: Sequence[Sequence[Value]], change: Callable[[Worksheet], object] = lambda _: None, at=(1, 1)) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "S"
    for down, row in enumerate(rows):
        for right, value in enumerate(row):
            if value not in ("", None):
                page.cell(at[0] + down, at[1] + right, value)
    change(page)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def merging(*areas: str) -> Callable[[Worksheet], None]:
    return lambda page: [page.merge_cells(area) for area in areas] and None


def texts(document: Document) -> list[str]:
    return [document.text[row.start : row.end] for row in document.rows]


BUDGET = [["Budget"], [], ["Item", 2023, "", 2024, ""], ["", "Q1", "Q2", "Q1", "Q2"], ["Rent", 1, 2, 3, 4]]
ENERGY = [["Site", "Energy", "", "", ""], ["", 2023, "", 2024, ""], ["", "Gas", "Power", "Gas", "Oil"],
          ["Hull", 1, 2, 3, 4], ["York", 5, 6, 7, 8]]  # fmt: skip
CASES = {
    "years merged over quarters": (
        sheet([*BUDGET, ["Staff", 5, 6, 7, 8]], merging("A1:E1", "B3:C3", "D3:E3", "A3:A4")),
        ["Item: Rent; 2023 Q1: 1; 2023 Q2: 2; 2024 Q1: 3; 2024 Q2: 4",
         "Item: Staff; 2023 Q1: 5; 2023 Q2: 6; 2024 Q1: 7; 2024 Q2: 8"],
    ),
    "three header rows": (
        sheet(ENERGY, merging("A1:A3", "B1:E1", "B2:C2", "D2:E2")),
        ["Site: Hull; Energy 2023 Gas: 1; Energy 2023 Power: 2; Energy 2024 Gas: 3; Energy 2024 Oil: 4",
         "Site: York; Energy 2023 Gas: 5; Energy 2023 Power: 6; Energy 2024 Gas: 7; Energy 2024 Oil: 8"],
    ),
    "groups above named weeks, and crosses": (
        sheet([["", "", "January", "", "February", ""], ["Task", "Owner", "W1", "W2", "W5", "W6"],
               ["Roof", "Ana", "x", "", "x", ""], ["Wall", "", "", "x", "", "x"]], merging("C1:D1", "E1:F1")),
        ["Task: Roof; Owner: Ana; January W1: x; February W5: x", "Task: Wall; January W2: x; February W6: x"],
    ),
    "a group name merged over the table": (
        sheet([["Boat", "Fee", "Seats"], ["Rowing"], ["Canoe", 25, 3], ["Sailing"], ["Yacht", 90, 6]],
              merging("A2:C2", "A4:C4")),
        ["Boat: Canoe; Fee: 25; Seats: 3", "Boat: Yacht; Fee: 90; Seats: 6"],
    ),
    "row labels merged downwards": (
        sheet([["Region", "Item", "Units"], ["North", "Oar", 5], ["", "Rope", 7], ["South", "Oar", 1]],
              merging("A2:A3")),
        ["Region: North; Item: Oar; Units: 5", "Region: North; Item: Rope; Units: 7",
         "Region: South; Item: Oar; Units: 1"],
    ),
    "units below the names": (
        sheet([["Sample", "Length", "Mass"], ["", "mm", "(kg)"], ["A", 12.5, 3], ["B", 13, 4]]),
        ["Sample: A; Length (mm): 12.5; Mass (kg): 3", "Sample: B; Length (mm): 13; Mass (kg): 4"],
    ),
    "dates as names": (
        sheet([["Task", datetime.date(2025, 1, 6), datetime.date(2025, 1, 13)], ["Roof", 1, 2], ["Wall", 4, 5]]),
        ["Task: Roof; 2025-01-06: 1; 2025-01-13: 2", "Task: Wall; 2025-01-06: 4; 2025-01-13: 5"],
    ),
    "consecutive numbers as names": (
        sheet([["Day", 1, 2, 3], ["Mon", 10, 20, 30], ["Tue", 11, 21, 31]]),
        ["Day: Mon; 1: 10; 2: 20; 3: 30", "Day: Tue; 1: 11; 2: 21; 3: 31"],
    ),
    "some columns without a name": (
        sheet([["Item", "", "Price", ""], ["Oar", "big", 3, "x"], ["Rope", "small", 4, "y"]]),
        ["Item: Oar; column 2: big; Price: 3; column 4: x", "Item: Rope; column 2: small; Price: 4; column 4: y"],
    ),
    "names that are also values": (
        sheet([["No", "Check", "OK", "Remark"], [1, "Doors", "x", ""], [2, "Lamps", "", "broken"], [3, "Keys", "x"]]),
        ["No: 1; Check: Doors; OK: x", "No: 2; Check: Lamps; Remark: broken", "No: 3; Check: Keys; OK: x"],
    ),
    "names with line breaks, from C7 on": (
        sheet([["Name\n(last, first)", "Amount\nin EUR"], ["Ruiz, Ana", 3], ["Lind, Bo", 4]], at=(7, 3)),
        ["Name (last, first): Ruiz, Ana; Amount in EUR: 3", "Name (last, first): Lind, Bo; Amount in EUR: 4"],
    ),
    "a long question as a name": (
        sheet([["ID", "How satisfied are you with the speed of our answers in our customer portal in general?"],
               [1, 5], [2, 2]]),
        ["ID: 1; How satisfied are you with the speed of our answers in our customer portal in general?: 5",
         "ID: 2; How satisfied are you with the speed of our answers in our customer portal in general?: 2"],
    ),
    "labels right above a table": (
        sheet([["Customer:", "Moor Farm"], ["Date:", "today"], ["Pos", "Item", "Qty"], [1, "Oar", 2], [2, "Rope", 3]]),
        ["Pos: 1; Item: Oar; Qty: 2", "Pos: 2; Item: Rope; Qty: 3"],
    ),
    "a pivot table": (
        sheet([["Sum of Units", "Column Labels"], ["Row Labels", "2023", "2024", "Total"], ["North", 1, 2, 3],
               ["South", 3, 4, 7]]),
        ["Row Labels: North; 2023: 1; 2024: 2; Total: 3", "Row Labels: South; 2023: 3; 2024: 4; Total: 7"],
    ),
    "blank columns between the columns, and a blank row": (
        sheet([["Income"], [], ["", "Note", 2024, "", 2023], ["Revenue", 1, 100, "", 90], ["Costs", 2, -60, "", -50],
               [], ["Profit", "", 40, "", 40]]),
        ["Revenue; Note: 1; 2024: 100; 2023: 90", "Costs; Note: 2; 2024: -60; 2023: -50", "Profit; 2024: 40; 2023: 40"],
    ),
    "title lines above a middle column": (
        sheet([["", "", "Stock list"], ["", "", "As of: 2025-03-01"], ["Part", "Shelf", "Count"], ["Bolt", "S1", 3],
               ["Nut", "S2", 4]]),
        ["Part: Bolt; Shelf: S1; Count: 3", "Part: Nut; Shelf: S2; Count: 4"],
    ),
    "group names merged over two columns": (
        sheet([["Item", "Price"], ["Boats"], ["Canoe", 25], ["Bikes"], ["Tandem", 40], ["Bike", 20]],
              merging("A2:B2", "A4:B4")),
        ["Item: Canoe; Price: 25", "Item: Tandem; Price: 40", "Item: Bike; Price: 20"],
    ),
    "a total above the header": (
        sheet([["Total", "", 300], ["Item", "Qty", "Price"], ["Oar", 1, 100], ["Rope", 2, 200]]),
        ["Item: Oar; Qty: 1; Price: 100", "Item: Rope; Qty: 2; Price: 200"],
    ),
    "a legend below is no part of the table": (
        sheet([["Item", "State", "Qty"], ["Oar", "A", 1], ["Rope", "B", 2], [], ["A", "new"], ["B", "used"]]),
        ["Item: Oar; State: A; Qty: 1", "Item: Rope; State: B; Qty: 2", "A | new", "B | used"],
    ),
    "a total below a blank row": (
        sheet([["Item", "Qty", "Price"], ["Oar", 1, 3], ["Rope", 2, 4], [], ["", "Total:", 7]]),
        ["Item: Oar; Qty: 1; Price: 3", "Item: Rope; Qty: 2; Price: 4"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_value_has_its_own_name(case):
    content, rows = CASES[case]
    assert texts(load_document("a.xlsx", content)) == rows


def test_a_header_that_stands_again_every_fifty_rows_is_no_row():
    rows = [["No", "Name", "Qty"]]
    for number in range(1, 121):
        rows += [["No", "Name", "Qty"]] if number in (51, 101) else []
        rows.append([number, f"Part {number}", 3 * number])
    assert texts(load_document("a.xlsx", sheet(rows))) == [
        f"No: {number}; Name: Part {number}; Qty: {3 * number}" for number in range(1, 121)
    ]


def test_the_name_of_a_group_is_the_heading_of_its_rows():
    document = load_document("a.xlsx", CASES["a group name merged over the table"][0])
    assert [heading.path for heading in document.headings] == ["S > Rowing", "S > Sailing"]
    assert document.text.startswith("Rowing\n\nBoat: Canoe")


def test_a_form_in_two_columns_of_labels_keeps_each_label_with_its_value():
    rows = [["Application"], [], ["Name:", "Ana Ruiz", "", "Date:", datetime.date(2025, 4, 12)],
            ["Town:", "Leeds", "", "Phone:", "030 1234"], [], ["Remarks:"],
            ["None so far, will call back."]]  # fmt: skip
    document = load_document("a.xlsx", sheet(rows))
    assert document.text == (
        "Application\n\nName: Ana Ruiz\nTown: Leeds\n\nDate: 2025-04-12\nPhone: 030 1234\n\n"
        "Remarks:\nNone so far, will call back."
    )


def test_numbers_read_as_the_sheet_shows_them():
    rows = [["Account", "Net", "Share", "Hours", "Paid"], ["A", -1234.5, 0.125, datetime.time(7, 30), -3.5]]

    def formats(page: Worksheet) -> None:
        page["B2"].number_format = "#,##0.00_);[RED](#,##0.00)\\ "
        page["C2"].number_format = "0.0%"
        page["E2"].number_format = '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)'

    assert load_document("a.xlsx", sheet(rows, formats)).text == (
        "Account: A; Net: (1,234.50); Share: 12.5%; Hours: 7:30:00; Paid: $(3.50)"
    )


def test_hidden_rows_and_columns_are_read_and_named():
    def hide(page: Worksheet) -> None:
        page.row_dimensions[3].hidden = True
        page.column_dimensions["B"].hidden = True

    document = load_document("a.xlsx", sheet([["Name", "Pay"], ["Ana", 1], ["Bo", 2]], hide))
    assert texts(document) == ["Name: Ana; Pay: 1", "Name: Bo; Pay: 2"]
    assert document.notes == ("Sheet 'S' has 1 hidden row and 1 hidden column. They were read like the others.",)


def test_a_comment_on_the_name_of_a_column_is_read():
    def comment(page: Worksheet) -> None:
        page["B1"].comment = Comment("without tax", "Eve")

    document = load_document("a.xlsx", sheet([["Name", "Price"], ["Oar", 1], ["Rope", 2]], comment))
    assert "without tax" in document.text
    assert texts(document) == ["Name: Oar; Price: 1", "Name: Rope; Price: 2"]


def test_a_comment_above_a_note_is_read_once():
    def comment(page: Worksheet) -> None:
        page["A1"].comment = Comment("ask Eve", "Eve")

    for rows in ([["Remarks:"], ["None so far."]], [["Stock list"], [], ["Name", "Price"], ["Oar", 1], ["Rope", 2]]):
        assert load_document("a.xlsx", sheet(rows, comment)).text.count("ask Eve") == 1
